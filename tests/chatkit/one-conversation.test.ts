import { expect, test } from 'vitest'
import type { AttachmentItem } from '../../api/chatkit/protocol.ts'
import { startApp } from '../support/app.ts'
import { cleanUpAfterFile } from '../support/cleaning.ts'
import { calls, cuts, says, startProvider } from '../support/scripted-provider.ts'
import type { User } from '../support/user.ts'
import { chatkitOf, messageRequest, textsOf } from './chat.ts'
import { streamFaults, type WireEvent, wire } from './conformance.ts'

const provider = await startProvider()
cleanUpAfterFile(() => provider.close())
const app = await startApp({ provider, env: { PARLEY_TRANSCRIPTION_MODEL: 'whisper' } })

type Told = { role: string; content: string; toolCalls: { name: string; status: string }[] }

async function messages(user: User, id: string): Promise<Told[]> {
  const { conversation } = await user.query<{ conversation: { messages: { edges: { node: Told }[] } } }>(
    `query ($id: ID!) { conversation(id: $id) { messages(first: 100) { edges { node {
      role content toolCalls { name status }
    } } } } }`,
    { id },
  )
  return conversation.messages.edges.map(({ node }) => node)
}

test('a conversation goes from ChatKit to GraphQL and back, and is one', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  provider.plays(
    calls({ name: 'add_task', arguments: { title: 'buy oat milk' } }),
    says('Added.'),
    calls({ name: 'list_tasks' }),
    says('One task.'),
    says('You are welcome.'),
    says('Bye.'),
  )
  const { thread } = await chat.says('Add oat milk')
  await ada.hears('What is to do?', { conversation: thread })
  const { events } = await chat.says('Thanks', { thread })
  expect(streamFaults('threads.add_user_message', events)).toEqual([])
  await ada.hears('Bye', { conversation: thread })
  const said = ['Add oat milk', 'Added.', 'What is to do?', 'One task.', 'Thanks', 'You are welcome.', 'Bye', 'Bye.']
  const { data } = await chat.items(thread, { order: 'asc' })
  expect(textsOf(data)).toEqual(said)
  expect(data.map(({ type }) => type).filter((type) => !type.endsWith('message'))).toEqual([
    'workflow',
    'workflow',
    'widget',
  ])
  const told = await messages(ada, thread)
  expect(told.map(({ content }) => content).filter(Boolean)).toEqual(said)
  expect(told.flatMap(({ toolCalls }) => toolCalls)).toEqual([
    { name: 'add_task', status: 'SUCCEEDED' },
    { name: 'list_tasks', status: 'SUCCEEDED' },
  ])
  const shown = provider.requests.at(-1)?.transcript.flatMap((entry) => ('user' in entry ? [entry.user] : []))
  expect(shown).toEqual(['Add oat milk', 'What is to do?', 'Thanks', 'Bye'])
})

test('a card that was shown in ChatKit is decided over GraphQL, and the other way round', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  const task = async (title: string) => {
    const { createTask } = await ada.mutate<{ createTask: { task: { id: string } } }>(
      'mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } } }',
      { input: { title } },
    )
    return createTask.task.id
  }
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: await task('milk') } }), says('Gone.'))
  const { conversation, run } = await ada.asks('Delete the milk')
  for await (const event of ada.follows(run))
    if (event.__typename === 'ToolCallChanged' && event.toolCall.status === 'AWAITING_APPROVAL') break
  const card = (await chat.items(conversation.id)).data.find(({ type }) => type === 'widget')
  const { text } = await chat.hears('threads.custom_action', {
    ...{ thread_id: conversation.id, item_id: card?.id },
    action: { type: 'tool.approve', payload: { call_id: card?.id.replace(/^wid_/, 'call_') } },
  })
  expect(text).toBe('Gone.')
  expect((await messages(ada, conversation.id)).flatMap(({ toolCalls }) => toolCalls)).toEqual([
    { name: 'delete_task', status: 'SUCCEEDED' },
  ])
})

test('a form and a call of the page are closed by a message over GraphQL', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  provider.plays(calls({ name: 'open_tasks_page' }), says('Fine.'))
  const { thread } = await chat.says('Show me')
  await ada.hears('Never mind', { conversation: thread })
  expect((await chat.items(thread, { order: 'asc' })).data).toMatchObject([
    { type: 'user_message' },
    { type: 'client_tool_call', status: 'completed' },
    { type: 'user_message' },
    { type: 'assistant_message' },
  ])
})

test('nobody else sees or touches any of it, and is told the same as of what is not there', async () => {
  const [ada, eve] = [await app.user('ada'), await app.user('eve')]
  const chat = chatkitOf(ada)
  provider.plays(
    says('MARK', { call: { name: 'ask_person', arguments: { questions: [{ question: 'MARK?' }] } } }),
    says('mine'),
  )
  const { thread, done } = await chat.says('MARK')
  const { thread: own, done: ownDone } = await chatkitOf(eve).says('hi')
  const ids = done.map(({ id }) => id)
  const requests = ids.flatMap((item_id): [string, object][] =>
    [thread, own].flatMap((thread_id): [string, object][] => [
      ['threads.retry_after_item', { thread_id, item_id }],
      ['threads.add_structured_input', { thread_id, item_id, input: {} }],
      ['threads.custom_action', { thread_id, item_id, action: { type: 'tool.approve', payload: {} } }],
      ['threads.sync_custom_action', { thread_id, item_id, action: { type: 'tool.deny', payload: {} } }],
      ['items.feedback', { thread_id, item_ids: [item_id], kind: 'negative' }],
      ['items.feedback', { thread_id, item_ids: [ownDone[1]?.id, item_id], kind: 'negative' }],
      ['items.list', { thread_id, after: item_id }],
    ]),
  )
  for (const [type, params] of [
    ...requests,
    ['threads.add_client_tool_output', { thread_id: thread, result: 1 }] as const,
  ]) {
    const answer = await eve.chatkit({ type, params })
    expect([answer.status, type, params]).toEqual([404, type, params])
    expect(JSON.stringify(await answer.json())).not.toContain('MARK')
  }
  expect((await chat.items(thread, { order: 'asc' })).data).toEqual(done)
})

test('one long exchange with every kind of request holds every pattern of the wire', { timeout: 60_000 }, async () => {
  const ada = await app.user('ada')
  const used = new Set<string>()
  const chat = chatkitOf({
    chatkit: (body, options) => {
      used.add((body as { type: string }).type)
      return ada.chatkit(body, options)
    },
  })
  const known: string[] = []
  const told = new Set<string>()
  const holds = (type: string, { events }: { events: WireEvent[] }) => {
    expect(streamFaults(type, events, { known })).toEqual([])
    for (const { type, item } of events) {
      told.add(type)
      if (item) known.push(item.id)
    }
  }
  provider.plays(
    calls({ name: 'add_task', arguments: { title: 'milk' } }),
    calls({ name: 'list_tasks' }),
    says('One ', 'task.'),
  )
  const begun = await chat.says('Add milk and show me')
  holds('threads.create', begun)
  const { thread } = begun
  const listed = begun.done.find(({ type }) => type === 'widget')
  expect(listed).toBeDefined()
  const { tasks } = await ada.query<{ tasks: { edges: { node: { id: string } }[] } }>(
    '{ tasks { edges { node { id } } } }',
  )
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: tasks.edges[0]?.node.id ?? '' } }))
  const asked = await chat.says('Delete it', { thread })
  holds('threads.add_user_message', asked)
  const press = (type: string, card = asked.done.at(-1)) => ({
    ...{ thread_id: thread, item_id: card?.id },
    action: { type, payload: { call_id: card?.id.replace(/^wid_/, 'call_') } },
  })
  provider.plays(says('Kept.'))
  await chat.ask('threads.sync_custom_action', press('tool.deny'))
  holds('threads.custom_action', await chat.hears('threads.custom_action', press('tool.deny')))
  holds('threads.custom_action', await chat.hears('threads.custom_action', press('tool.approve')))
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: tasks.edges[0]?.node.id ?? '' } }))
  const stopped = await chat.says('Delete it after all', { thread })
  holds('threads.add_user_message', stopped)
  await ada.stops(stopped.runId)
  holds('threads.custom_action', await chat.hears('threads.custom_action', press('tool.approve', stopped.done.at(-1))))
  provider.plays(calls({ name: 'open_tasks_page' }), says('Opened.'))
  holds('threads.add_user_message', await chat.says('Open my page', { thread }))
  holds(
    'threads.add_client_tool_output',
    await chat.hears('threads.add_client_tool_output', { thread_id: thread, result: {} }),
  )
  provider.plays(calls({ name: 'ask_person', arguments: { questions: [{ question: 'Why?' }] } }), says('I see.'))
  const form = await chat.says('Ask me', { thread })
  holds('threads.add_user_message', form)
  const filled = { thread_id: thread, item_id: form.done.at(-1)?.id, input: { answers: { q1: { values: ['So.'] } } } }
  holds('threads.add_structured_input', await chat.hears('threads.add_structured_input', filled))
  const file = { name: 'note.txt', size: 5, mime_type: 'text/plain' }
  const draft = await chat.ask<AttachmentItem>('attachments.create', file)
  const { url = '', method = '' } = draft.upload_descriptor ?? {}
  expect((await fetch(url, { method, body: 'hello' })).status).toBe(200)
  const dropped = await chat.ask<AttachmentItem>('attachments.create', file)
  expect(await chat.ask('attachments.delete', { attachment_id: dropped.id })).toEqual({})
  const spoken = { audio_base64: Buffer.from('1a45dfa300', 'hex').toString('base64'), mime_type: 'audio/webm' }
  const { text } = await chat.ask<{ text: string }>('input.transcribe', spoken)
  provider.plays(cuts('Half an'))
  const input = { ...messageRequest(text).params.input, attachments: [draft.id] }
  const broken = await chat.hears('threads.add_user_message', { thread_id: thread, input })
  holds('threads.add_user_message', broken)
  expect(broken.done[0]).toMatchObject({ attachments: [{ id: draft.id, thread_id: thread }] })
  provider.plays(says('Whole.'))
  const mended = await chat.hears('threads.retry_after_item', { thread_id: thread, item_id: broken.done[0]?.id })
  holds('threads.retry_after_item', mended)
  expect((await chat.thread(thread)).items.data[0]).toEqual(begun.done[0])
  const { data } = await chat.items(thread, { order: 'asc', limit: 100 })
  await chat.ask('items.feedback', {
    thread_id: thread,
    item_ids: data.slice(-1).map(({ id }) => id),
    kind: 'positive',
  })
  provider.plays(says('Once more.'))
  const retried = await chat.hears('threads.retry_after_item', { thread_id: thread, item_id: form.done[0]?.id })
  holds('threads.retry_after_item', retried)
  expect((await chat.items(thread)).data[0]).toEqual(retried.done.at(-1))
  await chat.ask('threads.update', { thread_id: thread, title: 'All of it' })
  expect((await chat.threads()).data.map(({ title }) => title)).toEqual(['All of it'])
  await chat.ask('threads.delete', { thread_id: thread })
  expect([...used].toSorted()).toEqual(wire.requests.toSorted())
  expect([...told].toSorted()).toEqual([
    ...['error', 'notice', 'progress_update', 'stream_options', 'thread.created', 'thread.item.added'],
    ...['thread.item.done', 'thread.item.removed', 'thread.item.replaced', 'thread.item.updated', 'thread.updated'],
  ])
  expect(provider.refusals).toEqual([])
})
