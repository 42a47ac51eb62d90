import { expect, test } from 'vitest'
import type { ThreadItem } from '../../api/chatkit/protocol.ts'
import { startApp } from '../support/app.ts'
import { cleanUpAfterFile } from '../support/cleaning.ts'
import { all, until } from '../support/events.ts'
import { calls, pause, says, startProvider } from '../support/scripted-provider.ts'
import { chatkitOf, exchange, messageRequest, textsOf } from './chat.ts'
import { streamFaults } from './conformance.ts'

const provider = await startProvider()
cleanUpAfterFile(() => provider.close())
const app = await startApp({ provider })

const opensTasks = calls({ name: 'open_tasks_page' })
const asks = (...questions: object[]) => calls({ name: 'ask_person', arguments: { questions } })
const ofType = <T extends ThreadItem['type']>(items: ThreadItem[], type: T) =>
  items.filter((item): item is Extract<ThreadItem, { type: T }> => item.type === type)

/** What the model was shown last. */
const shown = () => provider.requests.at(-1)?.transcript ?? []

test('a tool of the page ends the stream with its call; what the page gives back is answered', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(says('Here it is.', { call: { name: 'open_tasks_page' } }), says('You see it now.'))
  const { thread, events, done } = await chat.says('Show me my tasks page')
  expect(streamFaults('threads.create', events)).toEqual([])
  expect(done.at(-1)).toMatchObject({
    type: 'client_tool_call',
    status: 'pending',
    name: 'open_tasks_page',
    arguments: {},
  })
  expect(done.at(-1)).not.toHaveProperty('output')
  expect((await chat.items(thread, { order: 'asc' })).data).toEqual(done)
  const after = await chat.hears('threads.add_client_tool_output', {
    thread_id: thread,
    result: { opened: true, note: null },
  })
  expect(streamFaults('threads.add_client_tool_output', after.events)).toEqual([])
  expect(after.text).toBe('You see it now.')
  expect(shown().slice(-3)).toEqual([
    { assistant: 'Here it is.' },
    expect.objectContaining({ call: 'open_tasks_page' }),
    expect.objectContaining({ output: '{"opened":true,"note":null}' }),
  ])
  const { data } = await chat.items(thread, { order: 'asc' })
  expect(ofType(data, 'client_tool_call')).toMatchObject([
    { status: 'completed', output: { opened: true, note: null } },
  ])
  expect(textsOf(data)).toEqual(['Show me my tasks page', 'Here it is.', 'You see it now.'])
  provider.plays(says('Again.'))
  await chat.says('And again?', { thread })
  expect(shown().filter((entry) => 'output' in entry)).toHaveLength(1)
})

test('without any model it can be tried too, and “today” is the person’s day', async () => {
  const ada = await (await startApp()).user('ada')
  const chat = chatkitOf(ada)
  // Wherever the clock stands, there it is another day than in UTC.
  const zone = new Date().getUTCHours() < 12 ? 'Etc/GMT+12' : 'Pacific/Kiritimati'
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' }).format(new Date())
  const { events } = await chat.opens(messageRequest('Add milk for today and open my tasks page'), {
    headers: { 'x-parley-time-zone': zone },
  })
  const { thread, done } = exchange(await all(events))
  expect(done.at(-1)).toMatchObject({ type: 'client_tool_call', status: 'pending', name: 'open_tasks_page' })
  const { text } = await chat.hears('threads.add_client_tool_output', { thread_id: thread, result: { opened: true } })
  expect(text).toBe('Added **milk** for today.\n\nHere are your tasks.')
  const { tasks } = await ada.query<{ tasks: { edges: { node: { dueOn: string } }[] } }>(
    '{ tasks { edges { node { dueOn } } } }',
  )
  expect(tasks.edges).toEqual([{ node: { dueOn: today } }])
})

test('a zone that is none is left aside', async () => {
  const chat = chatkitOf(await app.user('ada'))
  for (const zone of ['Berlin', 'Europe/Nowhere', '../etc', '']) {
    provider.plays(says('ok'))
    const { events } = await chat.opens(messageRequest('hi'), { headers: { 'x-parley-time-zone': zone } })
    expect(exchange(await all(events)).text).toBe('ok')
    expect(provider.requests.at(-1)?.instructions).toContain('time zone UTC')
  }
})

test('it is offered to nobody who asks from elsewhere', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  provider.plays(says('ok'), says('ok'))
  const { conversation } = await ada.hears('hi')
  expect(provider.requests.at(-1)?.tools).not.toContain('open_tasks_page')
  await chat.says('hi', { thread: conversation.id })
  expect(provider.requests.at(-1)?.tools).toEqual(expect.arrayContaining(['open_tasks_page', 'ask_person']))
})

test('a new message closes the call; a late answer is refused', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  provider.plays(opensTasks, says('Never mind then.'))
  const { thread, done } = await chat.says('Show me my tasks page')
  const { events, text } = await chat.says('never mind', { thread })
  expect(streamFaults('threads.add_user_message', events, { known: done.map(({ id }) => id) })).toEqual([])
  expect(text).toBe('Never mind then.')
  expect(events).toContainEqual({
    type: 'thread.item.replaced',
    item: expect.objectContaining({ id: done.at(-1)?.id, status: 'completed' }),
  })
  expect(shown()).toContainEqual(expect.objectContaining({ output: expect.stringContaining('cancelled') }))
  const late = await chat.hears('threads.add_client_tool_output', { thread_id: thread, result: {} })
  expect(late.events).toEqual([{ type: 'error', code: 'custom', message: expect.any(String), allow_retry: false }])
  const { conversation } = await ada.query<{
    conversation: { messages: { edges: { node: { toolCalls: { status: string }[] } }[] } }
  }>('query ($id: ID!) { conversation(id: $id) { messages { edges { node { toolCalls { status } } } } } }', {
    id: thread,
  })
  expect(conversation.messages.edges.flatMap(({ node }) => node.toolCalls)).toEqual([{ status: 'CANCELLED' }])
})

test('the same output twice at once is one answer', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(opensTasks, says('Op', pause, 'en.'))
  const { thread } = await chat.says('Show me my tasks page')
  const request = { type: 'threads.add_client_tool_output', params: { thread_id: thread, result: { opened: true } } }
  const both = await Promise.all([chat.opens(request), chat.opens(request)])
  expect(both[0]?.runId).toBe(both[1]?.runId)
  provider.resume()
  await Promise.all(both.map(({ events }) => all(events)))
  expect(textsOf((await chat.items(thread, { order: 'asc' })).data)).toEqual(['Show me my tasks page', 'Open.'])
})

/** Posts what the page's own tool gave back, and lets the connection fall before the answer is over. */
async function unheard(chat: ReturnType<typeof chatkitOf>, params: { thread_id: string; result: object }) {
  const lost = new AbortController()
  const { runId } = await chat.opens({ type: 'threads.add_client_tool_output', params }, { signal: lost.signal })
  await provider.paused()
  lost.abort()
  // Whoever is answered now is answered by a server that knows of it.
  await chat.thread(params.thread_id)
  provider.resume()
  return runId
}

test('an output that is sent again answers no form that was asked meanwhile', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  const ask = { name: 'ask_person', arguments: { questions: [{ question: 'Which day?' }] } }
  provider.plays(opensTasks, says('So', pause, { call: ask }), says('Monday it is.'))
  const { thread } = await chat.says('Show me my tasks page')
  const params = { thread_id: thread, result: { opened: true } }
  const first = await unheard(chat, params)
  await all(ada.follows({ id: first }))
  const again = await chat.hears('threads.add_client_tool_output', params)
  expect(again.runId).toBe(first)
  expect(again.done.at(-1)).toMatchObject({ type: 'structured_input', status: 'pending' })
  const late = await chat.hears('threads.add_client_tool_output', params)
  expect(late.events).toEqual([{ type: 'error', code: 'custom', message: expect.any(String), allow_retry: false }])
  const answered = await chat.hears('threads.add_structured_input', {
    ...{ thread_id: thread, item_id: again.done.at(-1)?.id },
    input: { answers: { q1: { values: ['Monday'] } } },
  })
  expect(answered.text).toBe('Monday it is.')
  expect(shown()).toContainEqual(expect.objectContaining({ output: expect.stringContaining('"values":["Monday"]') }))
})

test('nor the next call of the same tool, which the page has not seen', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  provider.plays(opensTasks, says('Again', pause, { call: { name: 'open_tasks_page' } }), says('Twice, then.'))
  const { thread } = await chat.says('Show me my tasks page, twice')
  const params = { thread_id: thread, result: { opened: true } }
  const first = await unheard(chat, params)
  await all(ada.follows({ id: first }))
  const again = await chat.hears('threads.add_client_tool_output', params)
  expect(again.runId).toBe(first)
  expect(again.done.at(-1)).toMatchObject({ type: 'client_tool_call', status: 'pending' })
  const second = await chat.hears('threads.add_client_tool_output', params)
  expect(second.text).toBe('Twice, then.')
})

test('while an answer is made, an output has to wait', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  provider.plays(says('So far', pause, '.'))
  const { events } = await chat.posts('Count')
  const begun = await until(events, ({ type }) => type === 'thread.item.added')
  const thread = String((begun[0] as { thread?: { id: string } }).thread?.id)
  const busy = await chat.hears('threads.add_client_tool_output', { thread_id: thread, result: 1 })
  expect(busy.events).toEqual([{ type: 'error', code: 'custom', message: expect.any(String), allow_retry: true }])
  provider.resume()
})

test('other tools of the turn run first, one question is for the page', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(
    calls({ name: 'open_tasks_page' }, { name: 'add_task', arguments: { title: 'x' } }, { name: 'open_tasks_page' }),
    says('Done.'),
  )
  const { thread, events, done } = await chat.says('Add x and show me')
  expect(streamFaults('threads.create', events)).toEqual([])
  expect(done.map(({ type }) => type)).toEqual(['user_message', 'workflow', 'client_tool_call'])
  const after = await chat.hears('threads.add_client_tool_output', { thread_id: thread, result: 'opened' })
  expect(after.text).toBe('Done.')
  expect(
    shown()
      .filter((entry) => 'output' in entry)
      .map((entry) => 'output' in entry && entry.output),
  ).toEqual(['"opened"', expect.any(String), expect.stringContaining('one thing at a time')])
})

test('a call that makes no sense goes back to the model, not to the page', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(calls({ name: 'ask_person', arguments: { questions: [] } }), says('Sorry.'))
  const { done, text } = await chat.says('Ask me')
  expect(text).toBe('Sorry.')
  expect(done.map(({ type }) => type)).toEqual(['user_message', 'assistant_message'])
  expect(shown()).toContainEqual(expect.objectContaining({ output: expect.stringContaining('was not run') }))
})

test('a form is filled in, and the answer goes on from it', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(
    asks({ question: 'Which day?', options: ['Monday', 'Tuesday'] }, { question: 'Anything else?' }),
    says('Monday it is.'),
  )
  const { thread, events, done } = await chat.says('Plan it')
  expect(streamFaults('threads.create', events)).toEqual([])
  const [form] = ofType(done, 'structured_input')
  expect(form).toMatchObject({
    status: 'pending',
    inputs: [
      {
        type: 'multiple_choice',
        id: 'q1',
        question: 'Which day?',
        options: [{ value: 'Monday' }, { value: 'Tuesday' }],
        multiple: false,
      },
      { type: 'freeform', id: 'q2', question: 'Anything else?' },
    ],
  })
  const params = {
    thread_id: thread,
    item_id: form?.id,
    input: { answers: { q1: { values: ['Monday', 'Tuesday'] }, unheard: { values: ['x'] } } },
  }
  const answered = await chat.hears('threads.add_structured_input', params)
  expect(streamFaults('threads.add_structured_input', answered.events, { known: done.map(({ id }) => id) })).toEqual([])
  expect(answered.text).toBe('Monday it is.')
  const [filled] = ofType((await chat.items(thread, { order: 'asc' })).data, 'structured_input')
  expect(filled).toMatchObject({
    status: 'answered',
    inputs: [{ answer: { values: ['Monday'], skipped: false } }, { answer: { values: [], skipped: true } }],
  })
  expect(answered.events[1]).toEqual({ type: 'thread.item.replaced', item: filled })
  expect(shown()).toContainEqual(expect.objectContaining({ output: expect.stringContaining('"values":["Monday"]') }))
  const again = await chat.hears('threads.add_structured_input', params)
  expect(again.events).toEqual([{ type: 'error', code: 'custom', message: expect.any(String), allow_retry: false }])
})

test('however much was done before the form, the question is not forgotten', async () => {
  const chat = chatkitOf(await app.user('ada'))
  const added = Array.from({ length: 14 }, (_, n) => calls({ name: 'add_task', arguments: { title: `task ${n}` } }))
  provider.plays(...added, asks({ question: 'Which day?' }), says('Monday it is.'))
  const { thread, done } = await chat.says('Plan it')
  const [form] = ofType(done, 'structured_input')
  const input = { answers: { q1: { values: ['Monday'] } } }
  const params = { thread_id: thread, item_id: form?.id, input }
  expect((await chat.hears('threads.add_structured_input', params)).text).toBe('Monday it is.')
  expect(shown()[0]).toEqual({ user: 'Plan it' })
  expect(provider.refusals).toEqual([])
})

test('a form is skipped, by a word or by a message', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  provider.plays(asks({ question: 'Why?' }), says('As you like.'), asks({ question: 'Why?' }), says('Fine.'))
  const { thread, done } = await chat.says('Plan it')
  const [form] = ofType(done, 'structured_input')
  const skipped = await chat.hears('threads.add_structured_input', {
    ...{ thread_id: thread, item_id: form?.id },
    input: { status: 'skipped', answers: { q1: { values: ['no'] } } },
  })
  expect(skipped.text).toBe('As you like.')
  const second = await chat.says('Plan more', { thread })
  await chat.says('No forms please', { thread })
  const forms = ofType((await chat.items(thread, { order: 'asc' })).data, 'structured_input')
  expect(forms.map(({ status }) => status)).toEqual(['skipped', 'skipped'])
  expect(forms[0]?.inputs[0]?.answer).toEqual({ values: [], skipped: true })
  const foreign = chatkitOf(await app.user('eve'))
  provider.plays(says('hi'))
  const { thread: other } = await foreign.says('hi')
  const request = (params: object) => ada.chatkit({ type: 'threads.add_structured_input', params })
  expect((await request({ thread_id: other, item_id: form?.id, input: {} })).status).toBe(404)
  expect((await request({ thread_id: thread, item_id: 'ask_1', input: {} })).status).toBe(404)
  expect((await request({ thread_id: thread, item_id: form?.id, input: 'x' })).status).toBe(400)
  expect(second.done.at(-1)?.type).toBe('structured_input')
})

test('answered again, the open question is gone', async () => {
  const chat = chatkitOf(await app.user('ada'))
  provider.plays(opensTasks, says('In words, then.'))
  const { thread, done } = await chat.says('Show me my tasks page')
  const again = await chat.hears('threads.retry_after_item', { thread_id: thread, item_id: done[0]?.id })
  expect(again.text).toBe('In words, then.')
  expect((await chat.items(thread)).data.map(({ type }) => type)).toEqual(['assistant_message', 'user_message'])
  const late = await chat.hears('threads.add_client_tool_output', { thread_id: thread, result: {} })
  expect(late.events).toMatchObject([{ type: 'error', allow_retry: false }])
})

test('an output that is no JSON or too large is refused before the stream', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  provider.plays(opensTasks)
  const { thread } = await chat.says('Show me my tasks page')
  const status = async (params: object) =>
    (await ada.chatkit({ type: 'threads.add_client_tool_output', params })).status
  expect(await status({ thread_id: thread })).toBe(400)
  expect(await status({ thread_id: thread, result: 'x'.repeat(70_000) })).toBe(400)
  expect(await status({ thread_id: thread, result: JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`) })).toBe(400)
  expect((await ada.chatkit(messageRequest('hi', { thread: 'conv_x' }))).status).toBe(404)
})
