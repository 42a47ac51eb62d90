import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { describe, expect, test } from 'vitest'
import { type StartOptions, startApp } from '../support/app.ts'
import { cleanUp } from '../support/cleaning.ts'
import { all, until } from '../support/events.ts'
import { calls, fails, pause, says, startProvider } from '../support/scripted-provider.ts'
import { chatkitOf, exchange, hear, messageRequest, spoken, textsOf } from './chat.ts'
import { streamFaults, type WireEvent } from './conformance.ts'

/** Someone new at an app of their own, whose model plays a script. */
async function start({ env = {}, limits = {} }: Pick<StartOptions, 'env' | 'limits'> = {}) {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const app = await startApp({ provider, env, limits })
  const ada = await app.user('ada')
  return { provider, app, ada, chat: chatkitOf(ada) }
}

const typesOf = (events: WireEvent[]) => events.map(({ type, update, item }) => update?.type ?? item?.type ?? type)

type Said = { id: string; content: string }

describe('an answer', () => {
  test('to the first message makes a thread and comes word by word', async () => {
    const { provider, ada, chat } = await start()
    provider.plays(says('Par', 'is.'))
    const { events, headers, thread, runId } = await chat.says('Capital of France?')
    expect(headers.get('content-type')).toBe('text/event-stream')
    expect(headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(headers.get('x-accel-buffering')).toBe('no')
    expect(streamFaults('threads.create', events)).toEqual([])
    expect(typesOf(events.filter(({ type }) => type !== 'thread.updated'))).toEqual([
      ...['thread.created', 'user_message', 'stream_options', 'progress_update', 'assistant_message'],
      'assistant_message.content_part.added',
      ...Array(2).fill('assistant_message.content_part.text_delta'),
      'assistant_message.content_part.done',
      'assistant_message',
    ])
    expect(spoken(events)).toBe('Paris.')
    const { node } = await ada.query<{ node: { status: string; conversation: { id: string } } }>(
      'query ($id: ID!) { node(id: $id) { ... on Run { status conversation { id } } } }',
      { id: runId },
    )
    expect(node).toEqual({ status: 'COMPLETED', conversation: { id: thread } })
  })

  test('to a later message stays in its thread, as GraphQL sees it', async () => {
    const { provider, ada, chat } = await start()
    provider.plays(says('Paris.'), says('Rome.'))
    const { thread } = await chat.says('Capital of France?')
    const second = await chat.says('And of Italy?', { thread })
    expect(streamFaults('threads.add_user_message', second.events)).toEqual([])
    const { conversation } = await ada.query<{ conversation: { messages: { edges: { node: Said }[] } } }>(
      'query ($id: ID!) { conversation(id: $id) { messages { edges { node { id content } } } } }',
      { id: thread },
    )
    const { data } = await chat.items(thread, { order: 'asc' })
    expect(textsOf(data)).toEqual(['Capital of France?', 'Paris.', 'And of Italy?', 'Rome.'])
    expect(conversation.messages.edges.map(({ node }) => [node.id, node.content])).toEqual(
      data.map((item) => [item.id, textsOf([item])[0]]),
    )
  })

  test('with tools shows one workflow per turn, and reads the same later', async () => {
    const { provider, chat } = await start()
    provider.plays(
      calls({ name: 'add_task', arguments: { title: 'buy oat milk' } }, { name: 'add_task', arguments: { titel: '' } }),
      calls({ name: 'list_tasks' }),
      says('It is on your list.'),
    )
    const { events, thread, done } = await chat.says('Add oat milk')
    expect(streamFaults('threads.create', events)).toEqual([])
    const workflows = done.filter((item) => item.type === 'workflow').map(({ workflow }) => workflow)
    expect(workflows.map(({ tasks, summary }) => [summary?.title, ...tasks.map(({ title }) => title)])).toEqual([
      ['Used tools 2 times, 1 without success', 'Added a task', 'Adding a task did not work'],
      ['Looked at your tasks', 'Looked at your tasks'],
    ])
    expect(workflows[0]?.tasks[0]?.content).toContain('- title: `buy oat milk`')
    const begun = events.find(({ type, item }) => type === 'thread.item.added' && item?.type === 'workflow')?.item
    expect(begun).toMatchObject({
      workflow: {
        tasks: Array(2).fill(expect.objectContaining({ status_indicator: 'loading', title: 'Adding a task' })),
      },
    })
    expect((await chat.items(thread, { order: 'asc' })).data).toEqual(done)
    expect((await chat.thread(thread)).items.data).toEqual(done)
  })

  test('that fails ends with the reason, and keeps what was asked', async () => {
    const { provider, ada, chat } = await start()
    provider.plays(fails(401))
    const { events, thread, runId } = await chat.says('hi')
    expect(streamFaults('threads.create', events)).toEqual([])
    const { node } = await ada.query<{ node: { status: string; error: { message: string; retryable: boolean } } }>(
      'query ($id: ID!) { node(id: $id) { ... on Run { status error { message retryable } } } }',
      { id: runId },
    )
    expect(node.status).toBe('FAILED')
    expect(events.filter(({ type }) => type === 'error')).toEqual([
      { type: 'error', code: 'custom', message: node.error.message, allow_retry: node.error.retryable },
    ])
    expect(textsOf((await chat.items(thread)).data)).toEqual(['hi'])
  })

  test('that is stopped elsewhere just ends, and what was said stays', async () => {
    const { provider, ada, chat } = await start()
    provider.plays(says('So far', pause, ' and further.'))
    const { events, runId } = await chat.posts('Count')
    const begun = await hear(events, 'So far')
    await ada.stops(runId)
    const { events: whole, thread, text } = exchange([...begun, ...(await all(events))])
    expect(streamFaults('threads.create', whole)).toEqual([])
    expect(typesOf(whole)).not.toContain('error')
    expect(text).toBe('So far')
    expect(textsOf((await chat.items(thread, { order: 'asc' })).data)).toEqual(['Count', 'So far'])
  })

  test('goes on when its reader leaves', async () => {
    const { provider, ada, chat } = await start()
    provider.plays(says('So far', pause, ' and further.'))
    const reader = new AbortController()
    const { events, runId } = await chat.posts('Count', { signal: reader.signal })
    const begun = await until(events, (_, soFar) => spoken(soFar) === 'So far')
    reader.abort()
    provider.resume()
    await all(ada.follows(runId))
    const { data } = await chat.items(exchange(begun).thread, { order: 'asc' })
    expect(textsOf(data)).toEqual(['Count', 'So far and further.'])
  })

  test('that is long in coming is kept open by comments, and is whole', async () => {
    const { provider, ada } = await start({ limits: { heartbeatSeconds: 1 } })
    provider.plays(says('So far', pause, ' and further.'))
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify(messageRequest('Count'))
    const { body: stream } = await ada.request('/chatkit', { method: 'POST', headers, body })
    if (!stream) throw new Error('There is no stream.')
    let heard = ''
    for await (const bytes of Readable.fromWeb(stream as ReadableStream)) {
      heard += Buffer.from(bytes).toString()
      if (heard.includes('So far') && heard.endsWith(': ping\n\n: ping\n\n')) provider.resume()
    }
    const events = heard.split('\n\n').flatMap((it) => (it.startsWith('data: ') ? [JSON.parse(it.slice(6))] : []))
    expect(streamFaults('threads.create', events)).toEqual([])
    expect(spoken(events)).toBe('So far and further.')
  })

  test('is lost from sight when the server stops, and says so', async () => {
    const { provider, app, chat } = await start()
    provider.plays(says('So far', pause, ' and further.'))
    const { events } = await chat.posts('Count')
    await hear(events, 'So far')
    const closed = app.close()
    expect(await all(events)).toEqual([
      { type: 'error', code: 'custom', message: expect.stringContaining('The answer goes on'), allow_retry: false },
    ])
    provider.resume()
    await closed
  })

  test('tells the title that the thread was given meanwhile', async () => {
    const { provider, chat } = await start()
    provider.plays(says('So far', pause, ' and further.'))
    const { events } = await chat.posts('Count')
    const begun = await hear(events, 'So far')
    const { thread } = exchange(begun)
    expect(begun[0]).not.toHaveProperty('thread.title')
    await chat.ask('threads.update', { thread_id: thread, title: 'Counting' })
    provider.resume()
    expect(await all(events)).toContainEqual(
      expect.objectContaining({
        type: 'thread.updated',
        thread: expect.objectContaining({ id: thread, title: 'Counting' }),
      }),
    )
  })

  test('is made by the model that was picked', async () => {
    const { provider, ada, chat } = await start({ env: { PARLEY_MODELS: 'scripted,other' } })
    provider.always(says('ok'))
    const { thread } = await chat.says('hi', { model: 'other' })
    await chat.says('hi', { thread })
    expect(provider.requests.map(({ model }) => model)).toEqual(['other', 'scripted'])
    const refused = await ada.chatkit(messageRequest('hi', { thread, model: 'gpt-unheard-of' }))
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: { code: 'BAD_USER_INPUT', field: ['input', 'model'] } })
  })
})

describe('one answer at a time', () => {
  test('a message in between is told to come again', async () => {
    const { provider, ada, chat } = await start()
    provider.plays(says('So far', pause, ' and further.'))
    const { events } = await chat.posts('Count')
    const begun = await hear(events, 'So far')
    const { thread } = exchange(begun)
    const busy = await ada.chatkit(messageRequest('Faster!', { thread }))
    expect(busy.status).toBe(200)
    expect(await all(busy.events())).toEqual([
      { type: 'error', code: 'custom', message: expect.any(String), allow_retry: true },
    ])
    provider.resume()
    await all(events)
    expect(textsOf((await chat.items(thread, { order: 'asc' })).data)).toEqual(['Count', 'So far and further.'])
  })
})

describe('the same message again', () => {
  test('is one message until its answer was heard to the end, then another', async () => {
    const { provider, chat } = await start()
    provider.plays(says('Yes', pause, '.'), says('Yes again.'))
    const first = await chat.posts('Ready?')
    const begun = await hear(first.events, 'Yes')
    const repeat = await chat.posts('Ready?')
    provider.resume()
    const [one, two] = [exchange([...begun, ...(await all(first.events))]), exchange(await all(repeat.events))]
    expect(repeat.runId).toBe(first.runId)
    expect(two.thread).toBe(one.thread)
    expect(two.done).toEqual(one.done)
    expect(streamFaults('threads.create', two.events)).toEqual([])
    const meant = await chat.says('Ready?')
    expect(meant.thread).not.toBe(one.thread)
    expect(meant.text).toBe('Yes again.')
    expect(provider.requests).toHaveLength(2)
  })

  test('twice at once is one message', async () => {
    const { provider, chat } = await start()
    provider.plays(says('ok'), says('ok', pause))
    const { thread } = await chat.says('hi')
    const both = await Promise.all([chat.posts('Again', { thread }), chat.posts('Again', { thread })])
    expect(new Set(both.map(({ runId }) => runId)).size).toBe(1)
    provider.resume()
    await Promise.all(both.map(({ events }) => all(events)))
    expect(textsOf((await chat.items(thread, { order: 'asc' })).data)).toEqual(['hi', 'ok', 'Again', 'ok'])
  })

  test('after a stop is meant', async () => {
    const { provider, ada, chat } = await start()
    provider.plays(says('ok'), says('One', pause), says('Two'))
    const { thread } = await chat.says('hi')
    const { events, runId } = await chat.posts('Count', { thread })
    await until(events, (_, soFar) => spoken(soFar) === 'One')
    await ada.stops(runId)
    expect((await chat.says('Count', { thread })).text).toBe('Two')
  })

  test('in a thread that was deleted since makes a new one', async () => {
    const { provider, chat } = await start()
    provider.plays(says('One', pause), says('Two'))
    const { events } = await chat.posts('Count')
    const { thread } = exchange(await until(events, (_, soFar) => spoken(soFar) === 'One'))
    await chat.ask('threads.delete', { thread_id: thread })
    const again = await chat.says('Count')
    expect(again.thread).not.toBe(thread)
    expect(again.text).toBe('Two')
  })

  test('of someone else is theirs', async () => {
    const { provider, app, chat } = await start()
    provider.always(says('ok', pause))
    const eve = chatkitOf(await app.user('eve'))
    const [ours, theirs] = [await chat.posts('hi'), await eve.posts('hi')]
    expect(theirs.runId).not.toBe(ours.runId)
    for (const _ of [ours, theirs]) provider.resume()
    await Promise.all([all(ours.events), all(theirs.events)])
  })
})
