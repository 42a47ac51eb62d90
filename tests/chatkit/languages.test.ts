import { expect, test } from 'vitest'
import type { WidgetItem } from '../../api/chatkit/protocol.ts'
import { startApp } from '../support/app.ts'
import { cleanUpAfterFile } from '../support/cleaning.ts'
import { calls, fails, says, startProvider } from '../support/scripted-provider.ts'
import type { User } from '../support/user.ts'
import { chatkitOf } from './chat.ts'
import type { WireEvent } from './conformance.ts'

const provider = await startProvider()
cleanUpAfterFile(() => provider.close())
const app = await startApp({ provider })

/** ChatKit in a browser that likes these languages. */
const chatIn = (user: User, accepted: string) =>
  chatkitOf({
    chatkit: (request, options) =>
      user.chatkit(request, { ...options, headers: { ...options?.headers, 'accept-language': accepted } }),
  })

async function addTask(user: User, title: string): Promise<string> {
  const { createTask } = await user.mutate<{ createTask: { task: { id: string } } }>(
    'mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } } }',
    { input: { title } },
  )
  return createTask.task.id
}

/** Lists the tasks, asks whether one may go, is told yes, and once more; then the model fails. */
async function talk(user: User, accepted: string) {
  const chat = chatIn(user, accepted)
  const task = await addTask(user, 'milk')
  provider.plays(calls({ name: 'list_tasks' }), calls({ name: 'delete_task', arguments: { task_id: task } }))
  const { events: asked, thread, done } = await chat.says('Delete it')
  const card = done.findLast((item) => item.type === 'widget') as WidgetItem
  const press = { thread_id: thread, item_id: card.id, action: actionOf(card) }
  provider.plays(says('Gone.'))
  const { events: pressed } = await chat.hears('threads.custom_action', press)
  const deny = { ...press, action: { ...press.action, type: 'tool.deny' } }
  const { events: late } = await chat.hears('threads.custom_action', deny)
  provider.plays(fails(401))
  const { events: failed } = await chat.says('And now?', { thread })
  const read = await chat.thread(thread)
  expect((await chat.items(thread, { order: 'asc' })).data).toEqual(read.items.data)
  return {
    progress: progressOf([...asked, ...pressed]),
    asks: wordsIn(done),
    notice: late.flatMap(({ type, message }) => (type === 'notice' ? [message] : [])),
    error: failed.flatMap(({ type, message }) => (type === 'error' ? [message] : [])),
    history: wordsIn(read.items.data),
  }
}

const actionOf = (card: WidgetItem) =>
  JSON.parse(/"onClickAction":(\{"type":"tool.approve".*?\}),/.exec(JSON.stringify(card))?.[1]?.concat('}') ?? 'null')

const progressOf = (events: WireEvent[]) => [
  ...new Set(events.flatMap(({ type, text }) => (type === 'progress_update' ? [text] : []))),
]

/** Titles, states and labels, in order. */
const wordsIn = (items: unknown[]) => [
  ...new Set(
    [...JSON.stringify(items).matchAll(/"(?:title|label|value|text)":"([^"\\]*)"/g)].map(([, words]) => words),
  ),
]

const english = {
  progress: ['Thinking…', 'Looking at your tasks…', 'Deleting the task “milk”…'],
  asks: [
    ...['Delete it', 'Looked at your tasks', '1 task', 'milk', 'Deleting the task “milk” waits for you'],
    ...['Waiting for you', 'Delete the task “milk”?', 'Approve', 'Deny'],
  ],
  notice: ['That was settled already. Nothing was changed.'],
  error: ['The model is not set up correctly. Whoever runs this server finds the reason in its log.'],
  history: [
    ...['Delete it', 'Looked at your tasks', '1 task', 'milk', 'Deleted the task “milk”'],
    ...['Approved', 'Delete the task “milk”?', 'Gone.', 'And now?'],
  ],
}

const german: typeof english = {
  progress: ['Denkt nach …', 'Deine Aufgaben ansehen …', 'Aufgabe „milk“ löschen …'],
  asks: [
    ...['Delete it', 'Deine Aufgaben angesehen', '1 Aufgabe', 'milk', 'Aufgabe „milk“ löschen: wartet auf dich'],
    ...['Wartet auf dich', 'Aufgabe „milk“ löschen?', 'Erlauben', 'Ablehnen'],
  ],
  notice: ['Das war schon entschieden. Es hat sich nichts geändert.'],
  error: [
    'Das Modell ist nicht richtig eingerichtet. Wer diesen Server betreibt, findet den Grund in dessen Protokoll.',
  ],
  history: [
    ...['Delete it', 'Deine Aufgaben angesehen', '1 Aufgabe', 'milk', 'Aufgabe „milk“ gelöscht'],
    ...['Erlaubt', 'Aufgabe „milk“ löschen?', 'Gone.', 'And now?'],
  ],
}

test.each([
  ['de-AT, en;q=0.5', german],
  ['fr, en;q=0.3, de;q=0.7', german],
  ['xx', english],
  ['', english],
])('to who likes “%s” our own server speaks that language, or English', async (accepted, words) => {
  const { progress, ...told } = await talk(await app.user('ada'), accepted)
  const { progress: whole, ...rest } = words
  expect(told).toEqual(rest)
  // What is over before it is told is not told as going on.
  expect(progress[0]).toBe(whole[0])
  expect(whole).toEqual(expect.arrayContaining(progress))
})
