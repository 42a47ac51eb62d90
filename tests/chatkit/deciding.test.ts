import { expect, test } from 'vitest'
import type { ThreadItem, WidgetItem } from '../../api/chatkit/protocol.ts'
import { startApp } from '../support/app.ts'
import { cleanUpAfterFile } from '../support/cleaning.ts'
import { all } from '../support/events.ts'
import { calls, pause, says, startProvider } from '../support/scripted-provider.ts'
import type { User } from '../support/user.ts'
import { chatkitOf, exchange, hear, textsOf } from './chat.ts'
import { streamFaults, type WireEvent } from './conformance.ts'

const provider = await startProvider()
cleanUpAfterFile(() => provider.close())
const app = await startApp({ provider })

async function addTask(user: User, title: string): Promise<string> {
  const { createTask } = await user.mutate<{ createTask: { task: { id: string } } }>(
    'mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } } }',
    { input: { title } },
  )
  return createTask.task.id
}

async function taskTitles(user: User): Promise<string[]> {
  const { tasks } = await user.query<{ tasks: { edges: { node: { title: string } }[] } }>(
    '{ tasks { edges { node { title } } } }',
  )
  return tasks.edges.map(({ node }) => node.title).toSorted()
}

const deletes = (...ids: string[]) => calls(...ids.map((id) => ({ name: 'delete_task', arguments: { task_id: id } })))

/** Someone with tasks whose assistant wants to delete them, and the cards that ask. */
async function asked(titles: string[]) {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  const ids: string[] = []
  for (const title of titles) ids.push(await addTask(ada, title))
  provider.plays(deletes(...ids))
  const said = await chat.says('Delete them')
  expect(streamFaults('threads.create', said.events)).toEqual([])
  const cards = said.done.filter((item) => item.type === 'widget')
  expect(cards).toHaveLength(titles.length)
  return { ...said, ada, chat, cards, known: said.done.map(({ id }) => id) }
}

/** What a press of the button sends. */
function press(thread: string, card: WidgetItem | undefined, label: 'Approve' | 'Deny') {
  const actions = JSON.stringify(card).match(/\{"type":"tool\.[^}]*\},?[^}]*\}/g) ?? []
  const action = actions.map((it) => JSON.parse(it)).find(({ type }) => type === `tool.${label.toLowerCase()}`)
  return { thread_id: thread, item_id: card?.id, action: { type: action?.type, payload: action?.payload } }
}

const statusOf = (item: ThreadItem | undefined) =>
  item?.type === 'widget' && item.widget.type === 'Card' ? item.widget.status.text : undefined

const steps = (events: WireEvent[]) =>
  events.map(({ type, update, item }) =>
    [type.replace('thread.item.', ''), update?.type ?? item?.type].join(' ').trim(),
  )

test('a tool that destroys asks with a card, which ends the stream and is there after a reload', async () => {
  const { ada, chat, thread, events, done, cards, runId } = await asked(['buy milk'])
  expect(statusOf(cards[0])).toBe('Waiting for you')
  expect(JSON.stringify(cards[0])).toContain('"value":"Delete the task “buy milk”?"')
  expect(JSON.stringify(cards[0]?.widget).replace(/"payload":\{[^}]*\}/g, '')).not.toContain('task_')
  expect(events.filter(({ type }) => type !== 'thread.updated').at(-1)).toMatchObject({ item: { id: cards[0]?.id } })
  const [workflow] = done.filter((item) => item.type === 'workflow')
  expect(workflow?.workflow).toMatchObject({
    summary: { title: 'Waiting for you' },
    tasks: [{ status_indicator: 'none' }],
  })
  expect((await chat.items(thread, { order: 'asc' })).data).toEqual(done)
  const { node } = await ada.query<{ node: { status: string } }>(
    'query ($id: ID!) { node(id: $id) { ... on Run { status } } }',
    {
      id: runId,
    },
  )
  expect(node.status).toBe('AWAITING_APPROVAL')
  expect(await taskTitles(ada)).toEqual(['buy milk'])
})

test('an approved call runs, and its stream goes on to the end of the answer', async () => {
  const { ada, chat, thread, cards, known, runId } = await asked(['buy milk'])
  provider.plays(says('It is gone.'))
  const approved = await chat.hears('threads.custom_action', press(thread, cards[0], 'Approve'))
  expect(streamFaults('threads.custom_action', approved.events, { known })).toEqual([])
  expect(approved.runId).toBe(runId)
  expect(steps(approved.events).slice(0, 2)).toEqual(['stream_options', 'replaced widget'])
  expect(approved.text).toBe('It is gone.')
  expect(await taskTitles(ada)).toEqual([])
  const { data } = await chat.items(thread, { order: 'asc' })
  expect(data.map(({ type }) => type)).toEqual(['user_message', 'workflow', 'widget', 'assistant_message'])
  expect(statusOf(data[2])).toBe('Approved')
  expect(JSON.stringify(data[2])).not.toContain('Button')
  const replaced = approved.events.filter(({ type }) => type === 'thread.item.replaced').map(({ item }) => item)
  expect(replaced[0]).toEqual(data[2])
  expect(replaced.at(-1)).toEqual(data[1])
})

test('a denied call does not run, and the assistant is told', async () => {
  const { ada, chat, thread, cards, known } = await asked(['buy milk'])
  provider.plays(says('Then I leave it.'))
  const denied = await chat.hears('threads.custom_action', press(thread, cards[0], 'Deny'))
  expect(streamFaults('threads.custom_action', denied.events, { known })).toEqual([])
  expect(denied.text).toBe('Then I leave it.')
  expect(await taskTitles(ada)).toEqual(['buy milk'])
  expect((await chat.items(thread, { order: 'asc' })).data.map(statusOf)).toContain('Denied')
})

test('each card is decided by itself; the answer goes on after the last', async () => {
  const { ada, chat, thread, cards, known } = await asked(['buy milk', 'buy bread'])
  const first = await chat.hears('threads.custom_action', press(thread, cards[0], 'Approve'))
  expect(streamFaults('threads.custom_action', first.events, { known })).toEqual([])
  expect(first.text).toBe('')
  expect(await taskTitles(ada)).toEqual(['buy bread', 'buy milk'])
  provider.plays(says('Half done.'))
  const second = await chat.hears('threads.custom_action', press(thread, cards[1], 'Deny'))
  expect(streamFaults('threads.custom_action', second.events, { known })).toEqual([])
  expect(second.text).toBe('Half done.')
  expect(await taskTitles(ada)).toEqual(['buy bread'])
})

test('pressed twice at once and again later, it is one decision and one call', async () => {
  const { ada, chat, thread, cards, known } = await asked(['buy milk'])
  provider.plays(says('Go', pause, 'ne.'))
  const params = press(thread, cards[0], 'Approve')
  const both = await Promise.all([1, 2].map(() => chat.opens({ type: 'threads.custom_action', params })))
  provider.resume()
  for (const { events } of both) {
    const heard = await all(events)
    expect(streamFaults('threads.custom_action', heard, { known })).toEqual([])
    expect(exchange(heard).text).toBe('Gone.')
  }
  const later = await chat.hears('threads.custom_action', params)
  expect(steps(later.events)).toEqual(['stream_options', 'replaced widget'])
  expect(await taskTitles(ada)).toEqual([])
  expect(textsOf((await chat.items(thread, { order: 'asc' })).data)).toEqual(['Delete them', 'Gone.'])
})

test('the first decision holds: another one is told so and changes nothing', async () => {
  const { ada, chat, thread, cards } = await asked(['buy milk'])
  provider.plays(says('Then I leave it.'))
  await chat.hears('threads.custom_action', press(thread, cards[0], 'Deny'))
  const late = await chat.hears('threads.custom_action', press(thread, cards[0], 'Approve'))
  expect(steps(late.events)).toEqual(['stream_options', 'replaced widget', 'notice'])
  const refused = await ada.chatkit({ type: 'threads.sync_custom_action', params: press(thread, cards[0], 'Approve') })
  expect(refused.status).toBe(409)
  expect(await taskTitles(ada)).toEqual(['buy milk'])
})

test('a decision over GraphQL, and one without a stream, are seen in the thread', async () => {
  const { ada, chat, thread, cards } = await asked(['buy milk', 'buy bread'])
  provider.plays(says('Done.'))
  const { updated_item: card } = await chat.ask<{ updated_item: WidgetItem }>(
    'threads.sync_custom_action',
    press(thread, cards[0], 'Deny'),
  )
  expect(statusOf(card)).toBe('Denied')
  const call = cards[1]?.id.replace(/^wid_/, 'call_')
  await ada.mutate('mutation ($input: DecideToolCallInput!) { decideToolCall(input: $input) { toolCall { id } } }', {
    input: { toolCallId: call, decision: 'DENY', reason: 'I need **bread**' },
  })
  await all(ada.follows(await runOf(ada, thread)))
  const { data } = await chat.items(thread, { order: 'asc' })
  expect(data.map(statusOf).filter(Boolean)).toEqual(['Denied', 'Denied'])
  expect(JSON.stringify(data)).toContain('You said: `I need **bread**`')
  expect(textsOf(data).at(-1)).toBe('Done.')
})

async function runOf(user: User, thread: string): Promise<string> {
  const { conversation } = await user.query<{ conversation: { runs: { edges: { node: { id: string } }[] } } }>(
    'query ($id: ID!) { conversation(id: $id) { runs(first: 1) { edges { node { id } } } } }',
    { id: thread },
  )
  return conversation.runs.edges[0]?.node.id ?? ''
}

test('a card whose answer was stopped goes away', async () => {
  const { ada, chat, thread, cards, runId, known } = await asked(['buy milk'])
  await ada.stops(runId)
  await all(ada.follows(runId))
  const late = await chat.hears('threads.custom_action', press(thread, cards[0], 'Approve'))
  expect(streamFaults('threads.custom_action', late.events, { known })).toEqual([])
  expect(steps(late.events)).toEqual(['stream_options', 'removed', 'notice'])
  expect(await taskTitles(ada)).toEqual(['buy milk'])
})

test('what is forged, foreign or no card is refused', async () => {
  const { ada, chat, thread, cards, done } = await asked(['buy milk', 'buy bread'])
  const [first, second] = [press(thread, cards[0], 'Approve'), press(thread, cards[1], 'Approve')]
  const other = await asked(['their own'])
  const status = async (user: User, params: object, type = 'threads.custom_action') =>
    (await user.chatkit({ type, params })).status
  expect(await status(ada, { ...first, action: second.action })).toBe(404)
  expect(await status(ada, { ...first, action: { type: 'tool.approve' } })).toBe(404)
  expect(await status(ada, { ...first, thread_id: other.thread })).toBe(404)
  expect(await status(other.ada, { ...first, thread_id: other.thread })).toBe(404)
  expect(await status(other.ada, first)).toBe(404)
  expect(await status(ada, { ...first, item_id: 'wid_x' })).toBe(404)
  expect(await status(ada, { ...first, item_id: null })).toBe(400)
  expect(await status(ada, { ...first, action: { type: 'unheard.of' } }, 'threads.sync_custom_action')).toBe(409)
  const [message] = done
  for (const params of [
    { ...first, item_id: message?.id },
    { ...first, action: { type: 'unheard.of' } },
  ]) {
    const { events } = await chat.hears('threads.custom_action', params)
    expect(streamFaults('threads.custom_action', events)).toEqual([])
    expect(events).toEqual([
      { type: 'error', code: 'custom', message: expect.any(String), allow_retry: expect.any(Boolean) },
    ])
  }
  expect(await taskTitles(ada)).toEqual(['buy bread', 'buy milk'])
})

test('an action while an answer is made is told to come again', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  provider.plays(says('So far', pause, '.'))
  const { events } = await chat.posts('Count')
  const [created] = (await hear(events, 'So far')) as { thread?: { id: string } }[]
  const busy = await chat.hears('threads.custom_action', {
    thread_id: created?.thread?.id ?? '',
    action: { type: 'pick', payload: {} },
  })
  expect(busy.events).toEqual([{ type: 'error', code: 'custom', message: expect.any(String), allow_retry: true }])
  provider.resume()
  await all(events)
})
