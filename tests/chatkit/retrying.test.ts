import { expect, test } from 'vitest'
import { startApp } from '../support/app.ts'
import { cleanUpAfterFile } from '../support/cleaning.ts'
import { all } from '../support/events.ts'
import { calls, fails, pause, says, startProvider } from '../support/scripted-provider.ts'
import { chatkitOf, exchange, hear, textsOf } from './chat.ts'
import { streamFaults } from './conformance.ts'

const provider = await startProvider()
cleanUpAfterFile(() => provider.close())
const app = await startApp({ provider })

test('a message is answered again; what came after it is gone', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(says('Paris.'), says('Rome.'), says('Paris, still.'))
  const { thread, done } = await chat.says('Capital of France?')
  await chat.says('And of Italy?', { thread })
  const again = await chat.hears('threads.retry_after_item', { thread_id: thread, item_id: done[0]?.id })
  expect(streamFaults('threads.retry_after_item', again.events)).toEqual([])
  expect(again.text).toBe('Paris, still.')
  expect(textsOf((await chat.items(thread, { order: 'asc' })).data)).toEqual(['Capital of France?', 'Paris, still.'])
})

test('after a failure too, and as often as it is asked for', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(fails(401), fails(401), says('At last.'))
  const { thread, done, events } = await chat.says('hi')
  expect(events.at(-1)).toMatchObject({ type: 'error' })
  const params = { thread_id: thread, item_id: done[0]?.id }
  expect((await chat.hears('threads.retry_after_item', params)).events.at(-1)).toMatchObject({ type: 'error' })
  expect((await chat.hears('threads.retry_after_item', params)).text).toBe('At last.')
})

test('after a failure that nobody stayed for, too', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  provider.plays(says('Paris.'), says('Half', pause, { ends: 'failed' }), says('At last.'))
  const { thread, done } = await chat.says('Capital of France?')
  const params = { thread_id: thread, item_id: done[0]?.id }
  const leaving = new AbortController()
  const left = await ada.chatkit({ type: 'threads.retry_after_item', params }, { signal: leaving.signal })
  expect(left.status).toBe(200)
  await provider.paused()
  leaving.abort()
  provider.resume()
  const runs = 'query ($id: ID!) { conversation(id: $id) { runs(first: 1) { edges { node { status } } } } }'
  await expect.poll(async () => JSON.stringify(await ada.query(runs, { id: thread }))).toContain('INTERRUPTED')
  expect((await chat.hears('threads.retry_after_item', params)).text).toBe('At last.')
})

test('the title that comes after the second try is told in its stream', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(says('Half', { ends: 'failed' }), says('Paris.'))
  const { thread, done } = await chat.says('Capital of France, please')
  await expect
    .poll(async () => (await chat.ask<{ title?: string }>('threads.get_by_id', { thread_id: thread })).title)
    .toBe('Capital of France, please')
  const { events } = await chat.hears('threads.retry_after_item', { thread_id: thread, item_id: done[0]?.id })
  expect(events.at(-1)).toMatchObject({ type: 'thread.updated', thread: { title: 'A title' } })
})

test('posted twice at once it is one answer', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(says('One.'), says('Two', pause, '.'))
  const { thread, done } = await chat.says('Count')
  const request = { type: 'threads.retry_after_item', params: { thread_id: thread, item_id: done[0]?.id } }
  const both = await Promise.all([chat.opens(request), chat.opens(request)])
  provider.resume()
  const heard = await Promise.all(both.map(async ({ events }) => exchange(await all(events), thread).text))
  expect(heard).toEqual(['Two.', 'Two.'])
  expect(both[0]?.runId).toBe(both[1]?.runId)
})

test('only what a person said, when nothing is at work', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  provider.plays(says('One', pause, '.'), says('Two.'))
  const { events } = await chat.posts('Count')
  const begun = await hear(events, 'One')
  const { thread, done } = exchange(begun)
  const params = { thread_id: thread, item_id: done[0]?.id }
  const busy = await chat.hears('threads.retry_after_item', params)
  expect(busy.events).toEqual([{ type: 'error', code: 'custom', message: expect.any(String), allow_retry: true }])
  provider.resume()
  const answer = exchange([...begun, ...(await all(events))]).done.at(-1)
  const wrong = await chat.hears('threads.retry_after_item', { ...params, item_id: answer?.id })
  expect(wrong.events).toEqual([{ type: 'error', code: 'custom', message: expect.any(String), allow_retry: false }])
  await chat.hears('threads.retry_after_item', params)
  const gone = await ada.chatkit({ type: 'threads.retry_after_item', params: { ...params, item_id: answer?.id } })
  expect(gone.status).toBe(404)
})

test('feedback on any item of a turn is feedback on its message, over GraphQL too', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  provider.plays(
    says('I look.', { call: { name: 'add_task', arguments: { title: 'x' } } }),
    calls({ name: 'list_tasks' }),
    says('Done.'),
  )
  const { thread, done } = await chat.says('What is to do?')
  const feedback = async () => {
    const { conversation } = await ada.query<{
      conversation: { messages: { edges: { node: { feedback: string | null } }[] } }
    }>('query ($id: ID!) { conversation(id: $id) { messages { edges { node { feedback } } } } }', { id: thread })
    return conversation.messages.edges.map(({ node }) => node.feedback)
  }
  const [question, message, workflow, , list] = done
  expect(list?.type).toBe('widget')
  const give = (item_ids: unknown[], kind: string) =>
    ada.chatkit({ type: 'items.feedback', params: { thread_id: thread, item_ids, kind } })
  expect(
    await chat.ask('items.feedback', { thread_id: thread, item_ids: [message?.id, workflow?.id], kind: 'positive' }),
  ).toEqual({})
  expect(await feedback()).toEqual([null, 'UP', null, null])
  await give([message?.id, list?.id], 'negative')
  expect(await feedback()).toEqual([null, 'DOWN', 'DOWN', null])
  expect((await give([message?.id, question?.id], 'positive')).status).toBe(400)
  expect((await give([message?.id, 'wid_x'], 'positive')).status).toBe(404)
  expect((await give([], 'positive')).status).toBe(200)
  expect(await feedback()).toEqual([null, 'DOWN', 'DOWN', null])
})

test('tasks that were found are shown as a list', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(
    calls({ name: 'add_task', arguments: { title: 'buy oat milk', due_on: '2026-11-27' } }),
    calls({ name: 'list_tasks' }),
    says('One task.'),
  )
  const { thread, events, done } = await chat.says('Add it and show me')
  expect(streamFaults('threads.create', events)).toEqual([])
  expect(done.map(({ type }) => type)).toEqual(['user_message', 'workflow', 'workflow', 'widget', 'assistant_message'])
  expect(done[3]).toMatchObject({
    widget: {
      type: 'ListView',
      status: { text: '1 task' },
      children: [
        {
          children: [{ type: 'Icon' }, { type: 'Text', value: 'buy oat milk' }, { type: 'Badge', label: '2026-11-27' }],
        },
      ],
    },
    copy_text: '- [ ] buy oat milk',
  })
  expect((await chat.items(thread, { order: 'asc' })).data).toEqual(done)
})

test('a new thread is told its title before the stream ends', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(says('ok'))
  const { events } = await chat.says('hi')
  expect(events.at(-1)).toMatchObject({ type: 'thread.updated', thread: { title: 'A title', items: { data: [] } } })
})
