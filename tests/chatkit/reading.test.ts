import { expect, test } from 'vitest'
import type { Page } from '../../api/chatkit/protocol.ts'
import { startApp } from '../support/app.ts'
import { cleanUpAfterFile } from '../support/cleaning.ts'
import { until } from '../support/events.ts'
import { calls, pause, says, startProvider } from '../support/scripted-provider.ts'
import { chatkitOf, hear, textsOf } from './chat.ts'

const provider = await startProvider()
cleanUpAfterFile(() => provider.close())
const app = await startApp({ provider })

/** Follows `after` until nothing more comes, and gives the ids of each page. */
async function walk(read: (params: object) => Promise<Page<{ id: string }>>, params: object): Promise<string[][]> {
  const pages: string[][] = []
  for (let after: string | undefined, more = true; more; ) {
    const page: Page<{ id: string }> = await read({ ...params, ...(after !== undefined && { after }) })
    pages.push(page.data.map(({ id }) => id))
    more = page.has_more
    after = page.after
    expect(after).toBe(more ? page.data.at(-1)?.id : undefined)
  }
  return pages
}

test('items are paged in both directions, each once, a message before its workflow', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(
    calls({ name: 'list_tasks' }),
    says('Nothing to do.', { call: { name: 'add_task', arguments: { title: 'rest' } } }),
    says('Done.'),
    says('You are welcome.'),
  )
  const { thread } = await chat.says('What is to do?')
  await chat.says('Thanks', { thread })
  const { data } = await chat.items(thread, { order: 'asc' })
  const kinds = [
    'user_message',
    'workflow',
    'assistant_message',
    'workflow',
    'assistant_message',
    'user_message',
    'assistant_message',
  ]
  expect(data.map(({ type }) => type)).toEqual(kinds)
  expect(data[2]?.id.slice(4)).toBe(data[3]?.id.slice(3))
  const ids = data.map(({ id }) => id)
  for (const limit of [1, 2, 3, 7, 100, 9_999]) {
    const forwards = await walk((params) => chat.items(thread, params), { order: 'asc', limit })
    expect(forwards.flat()).toEqual(ids)
    expect(forwards[0]).toHaveLength(Math.min(limit, ids.length))
    expect((await walk((params) => chat.items(thread, params), { limit })).flat()).toEqual(ids.toReversed())
  }
  expect(await chat.items(thread, { after: ids[0] })).toEqual({ data: [], has_more: false })
  expect(await chat.items(thread, { order: 'asc', after: ids.at(-1) })).toEqual({ data: [], has_more: false })
})

test('a thread comes with its oldest 20 items and the way to the others', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(...Array.from({ length: 11 }, (_, n) => says(`answer ${n}`)))
  const { thread } = await chat.says('question 0')
  for (let n = 1; n < 11; n++) await chat.says(`question ${n}`, { thread })
  const { items } = await chat.thread(thread)
  expect(textsOf(items.data)).toEqual(Array.from({ length: 10 }, (_, n) => [`question ${n}`, `answer ${n}`]).flat())
  expect(items).toMatchObject({ has_more: true, after: items.data.at(-1)?.id })
  const rest = await chat.items(thread, { order: 'asc', after: items.after })
  expect(textsOf(rest.data)).toEqual(['question 10', 'answer 10'])
  for (const limit of [0, null, undefined]) expect((await chat.items(thread, { limit })).data).toHaveLength(20)
})

test('a list has at most a hundred, whatever is asked for, and the way to the others', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  const create = 'mutation { createConversation(input: {}) { conversation { id } } }'
  for (let n = 0; n < 101; n++) await ada.mutate(create)
  for (const order of ['asc', 'desc']) {
    const page = await chat.threads({ limit: 9_999, order })
    expect(page.data).toHaveLength(100)
    expect(page).toMatchObject({ has_more: true, after: page.data.at(-1)?.id })
    expect((await chat.threads({ limit: 9_999, order, after: page.after })).data).toHaveLength(1)
  }
})

test('an answer in the making is not among the items yet', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(says('So far', pause, '.'))
  const { events } = await chat.posts('Count')
  const begun = await hear(events, 'So far')
  const [created] = begun as { thread?: { id: string } }[]
  const thread = created?.thread?.id ?? ''
  expect(textsOf((await chat.items(thread)).data)).toEqual(['Count'])
  provider.resume()
  await Array.fromAsync(events)
  expect(textsOf((await chat.items(thread)).data)).toEqual(['So far.', 'Count'])
})

test('threads are listed by their last activity, those that were put away left out', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  expect(await chat.threads()).toEqual({ data: [], has_more: false })
  provider.plays(...Array.from({ length: 6 }, () => says('ok')))
  const ids: string[] = []
  for (const text of ['one', 'two', 'three', 'four', 'five']) ids.unshift((await chat.says(text)).thread)
  const moved = ids.splice(2, 1)[0] ?? ''
  await chat.says('more', { thread: moved })
  ids.unshift(moved)
  await titled(ada, ids)
  for (const limit of [1, 2, 5, 9_999]) {
    expect((await walk((params) => chat.threads(params), { limit })).flat()).toEqual(ids)
    expect((await walk((params) => chat.threads(params), { limit, order: 'asc' })).flat()).toEqual(ids.toReversed())
  }
  const archived = ids.pop()
  await ada.mutate(
    'mutation ($input: UpdateConversationInput!) { updateConversation(input: $input) { conversation { id } } }',
    {
      input: { conversationId: archived, archived: true },
    },
  )
  expect((await chat.threads()).data.map(({ id }) => id)).toEqual(ids)
  expect((await chat.thread(archived ?? '')).id).toBe(archived)
})

/** Titles come beside the answers and move a thread to the front: waits for all of them, then says the order again. */
async function titled(ada: Awaited<ReturnType<typeof app.user>>, ids: string[]): Promise<void> {
  for (const id of ids)
    await until(
      ada.follows(id),
      (event) => event.__typename === 'ConversationUpdated' && event.conversation.title === 'A title',
    )
  for (const id of ids.toReversed())
    await ada.mutate(
      'mutation ($input: UpdateConversationInput!) { updateConversation(input: $input) { conversation { id } } }',
      {
        input: { conversationId: id, title: `Thread ${id}` },
      },
    )
}

test('a thread is renamed and deleted as everywhere else', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  provider.plays(says('ok'))
  const { thread } = await chat.says('hi')
  const renamed = await chat.ask('threads.update', { thread_id: thread, title: '  Oat milk ' })
  expect(renamed).toMatchObject({ id: thread, title: 'Oat milk', items: { data: [], has_more: false } })
  const { conversation } = await ada.query<{ conversation: { title: string } }>(
    'query ($id: ID!) { conversation(id: $id) { title } }',
    { id: thread },
  )
  expect(conversation.title).toBe('Oat milk')
  expect(await chat.ask('threads.delete', { thread_id: thread })).toEqual({})
  expect(await chat.threads()).toEqual({ data: [], has_more: false })
  expect((await ada.chatkit({ type: 'threads.get_by_id', params: { thread_id: thread } })).status).toBe(404)
})
