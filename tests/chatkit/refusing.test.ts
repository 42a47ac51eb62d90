import { v7 } from 'uuid'
import { describe, expect, test } from 'vitest'
import { publicId } from '../../api/ids.ts'
import { startApp } from '../support/app.ts'
import { cleanUpAfterFile } from '../support/cleaning.ts'
import { says, startProvider } from '../support/scripted-provider.ts'
import { chatkitOf, messageRequest, textsOf } from './chat.ts'
import { wire } from './conformance.ts'

const provider = await startProvider()
cleanUpAfterFile(() => provider.close())
provider.always(says('MARK answer'))
const app = await startApp({ provider, limits: { bodyBytes: 100_000 } })
const ada = await app.user('ada')
const eve = await app.user('eve')
const chat = chatkitOf(ada)
const { thread } = await chat.says('MARK question')
const { thread: other } = await chat.says('another')
const [answer, question] = (await chat.items(thread)).data.map(({ id }) => id)

type Refusal = {
  error: { code: string; message: string; errorId: string; field?: string[]; [detail: string]: unknown }
}

/** Posts a body as it is. */
async function post(body: BodyInit | null, init: RequestInit = {}) {
  const headers = { 'content-type': 'application/json', ...init.headers }
  const response = await ada.request('/chatkit', { method: 'POST', body, ...init, headers })
  return { response, refusal: (await response.json()) as Refusal }
}

const input = { content: [{ type: 'input_text', text: 'hi' }], attachments: [], inference_options: {} }

describe('a body that is wrong', () => {
  test.each<[string, string, string[]]>([
    ['nothing', '', ['body']],
    ['broken JSON', '{"type":"threads.create","params":', ['body']],
    ['a bomb of brackets', '['.repeat(90_000), ['body']],
    ['a list', '[]', []],
    ['null', 'null', []],
    ['no type', '{"params":{}}', ['type']],
    ['an unknown type', '{"type":"threads.unheard_of","params":{},"metadata":{"x":1}}', ['type']],
    ['a type of the deployed client that nobody documents', '{"type":"attachments.get_preview","params":{}}', ['type']],
    ['no params', '{"type":"threads.list"}', ['params']],
    ['no thread', '{"type":"threads.get_by_id","params":{}}', ['params', 'thread_id']],
    ['a number as a thread', '{"type":"items.list","params":{"thread_id":7}}', ['params', 'thread_id']],
    ['an order that is none', '{"type":"threads.list","params":{"order":"sideways"}}', ['params', 'order']],
    ['half an item', '{"type":"threads.list","params":{"limit":1.5}}', ['params', 'limit']],
    ['more than a number', '{"type":"threads.list","params":{"limit":1e999}}', ['params', 'limit']],
    ['no input', '{"type":"threads.create","params":{}}', ['params', 'input']],
    ['no content', body({ content: undefined }), ['params', 'input', 'content']],
    ['empty content', body({ content: [] }), ['params', 'input', 'content']],
    ['blank text', body({ content: [{ type: 'input_text', text: ' \n\t' }] }), ['params', 'input', 'content']],
    [
      'content of an unknown kind',
      body({ content: [{ type: 'input_gif' }] }),
      ['params', 'input', 'content', '0', 'type'],
    ],
    [
      'a tag without data',
      body({ content: [{ type: 'input_tag', id: 'a', text: 'a' }] }),
      ['params', 'input', 'content', '0', 'data'],
    ],
    ['no attachments', body({ attachments: undefined }), ['params', 'input', 'attachments']],
    ['no options', body({ inference_options: undefined }), ['params', 'input', 'inference_options']],
    [
      'a tool of its own choice',
      body({ inference_options: { tool_choice: { id: 'x' } } }),
      ['params', 'input', 'inference_options', 'tool_choice'],
    ],
    ['NUL in the text', body({ content: [{ type: 'input_text', text: 'a\0b' }] }), ['input', 'content']],
    ['half a character', body({ content: [{ type: 'input_text', text: '\ud83e' }] }), ['input', 'content']],
    [
      'more text than fits',
      body({ content: [{ type: 'input_text', text: 'x'.repeat(65_537) }] }),
      ['input', 'content'],
    ],
    ['a title that is too long', title('T'.repeat(10_000)), ['input', 'title']],
    ['a blank title', title(' '), ['input', 'title']],
  ])('%s: 400 with the place of the fault', async (_, text, field) => {
    const { response, refusal } = await post(text)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(refusal.error).toMatchObject({
      code: 'BAD_USER_INPUT',
      field,
      errorId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(refusal.error.message).not.toBe('')
  })

  function body(change: object): string {
    return JSON.stringify({ type: 'threads.create', params: { input: { ...input, ...change } } })
  }

  function title(text: string): string {
    return JSON.stringify({ type: 'threads.update', params: { thread_id: thread, title: text } })
  }

  test('that is no UTF-8 is refused too', async () => {
    const { response, refusal } = await post(new Uint8Array([0x22, 0xff, 0x22]))
    expect(response.status).toBe(400)
    expect(refusal.error.field).toEqual(['body'])
  })

  test('is not stored, and the model is not asked', async () => {
    expect((await chat.threads()).data.map(({ id }) => id).sort()).toEqual([thread, other].sort())
    expect(provider.requests).toHaveLength(2)
  })

  test('but what we do not know is left aside', async () => {
    const { response } = await post(
      JSON.stringify({
        type: 'threads.get_by_id',
        params: { thread_id: thread, more: 1 },
        surprise: true,
        metadata: null,
      }),
    )
    expect(response.status).toBe(200)
  })

  test('every type of the protocol is served', async () => {
    const served = await Promise.all(
      wire.requests.map(async (type) => {
        const { response, refusal } = await post(JSON.stringify({ type, params: 0 }))
        expect(response.status).toBe(400)
        return refusal.error.field?.[0] === 'params' ? [type] : []
      }),
    )
    expect(served.flat()).toEqual(wire.requests)
  })
})

describe('a request that is no request', () => {
  test('without a credential: 401 before anything else', async () => {
    for (const body of [JSON.stringify(messageRequest('hi')), 'not json']) {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${app.url}/chatkit`, { method: 'POST', headers, body })
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Bearer')
      expect(await response.json()).toMatchObject({ error: { code: 'UNAUTHENTICATED' } })
    }
  })

  test('with a token it is served', async () => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${await ada.token()}` }
    const body = JSON.stringify({ type: 'threads.list', params: {} })
    const response = await fetch(`${app.url}/chatkit`, { method: 'POST', headers, body })
    expect(response.status).toBe(200)
  })

  test('by another method: 405', async () => {
    const response = await ada.request('/chatkit')
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
    'as %j: 415',
    async (type) => {
      const { response, refusal } = await post(JSON.stringify({ type: 'threads.list', params: {} }), {
        headers: { 'content-type': type },
      })
      expect(response.status).toBe(415)
      expect(refusal.error.code).toBe('UNSUPPORTED_MEDIA_TYPE')
    },
  )

  test('of more bytes than allowed: 413, announced or not', async () => {
    const { response, refusal } = await post('x'.repeat(100_001))
    expect(response.status).toBe(413)
    expect(refusal.error).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', limit: 100_000, limitName: 'bodyBytes' })
    const chunked = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('x'.repeat(10_000))),
    })
    const endless = await post(chunked, { duplex: 'half' } as RequestInit)
    expect(endless.response.status).toBe(413)
  })
})

test('whoever cannot be let in for a moment hears so where a stream is expected, and else by the status', async () => {
  const { user } = await startApp({ provider, limits: { requestsPerMinute: 1 } })
  const bea = await user('bea')
  const list = () => bea.chatkit({ type: 'threads.list', params: {} })
  await expect.poll(async () => (await list()).status).toBe(429)
  const streamed = await bea.chatkit({ type: 'threads.create', params: { input } })
  expect([streamed.status, streamed.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  expect(await Array.fromAsync(streamed.events())).toEqual([
    { type: 'error', code: 'custom', message: expect.any(String), allow_retry: true },
  ])
})

test('strangers who ask too often are refused by the status, and nothing of theirs is read', async () => {
  const { url } = await startApp({ provider, limits: { anonymousRequestsPerMinute: 1 } })
  const post = (body: BodyInit) =>
    fetch(`${url}/chatkit`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const body = JSON.stringify({ type: 'threads.create', params: { input } })
  expect((await post(body)).status).toBe(401)
  const { status, headers } = await post(body)
  expect([status, headers.get('content-type')]).toEqual([429, 'application/json'])
})

describe('what belongs to someone else', () => {
  const unknown = publicId('conv', v7())
  const noItem = publicId('msg', v7())
  const message = { type: 'threads.add_user_message', params: { input } }

  const requests = (id: string, item: string): [string, object][] => [
    ['threads.get_by_id', { thread_id: id }],
    ['items.list', { thread_id: id }],
    ['items.list', { thread_id: id, after: item }],
    ['threads.update', { thread_id: id, title: 'mine' }],
    ['threads.delete', { thread_id: id }],
    ['threads.list', { after: id }],
    [message.type, { ...message.params, thread_id: id }],
    ['threads.add_client_tool_output', { thread_id: id, result: null }],
    ['threads.add_structured_input', { thread_id: id, item_id: item, input: {} }],
    ['threads.retry_after_item', { thread_id: id, item_id: item }],
    ['threads.custom_action', { thread_id: id, item_id: item, action: { type: 'tool.approve' } }],
    ['threads.custom_action', { thread_id: id, action: { type: 'other' } }],
    ['threads.sync_custom_action', { thread_id: id, item_id: item, action: { type: 'tool.approve' } }],
    ['items.feedback', { thread_id: id, item_ids: [item], kind: 'positive' }],
  ]

  test.each(
    requests(thread, question ?? '').map(([type, params], n) => [type, params, requests(unknown, noItem)[n]?.[1]]),
  )('%s %j is as unknown as what is not there', async (type, params, missing) => {
    const [foreign, absent] = await Promise.all(
      [params, missing].map(async (params) => {
        const answer = await eve.chatkit({ type: String(type), params })
        const { error } = (await answer.json()) as Refusal
        return { status: answer.status, ...error, errorId: '' }
      }),
    )
    expect(foreign).toEqual(absent)
    expect(foreign).toMatchObject({ status: 404, code: 'NOT_FOUND' })
    expect(JSON.stringify(foreign)).not.toContain('MARK')
  })

  test('stays as it was', async () => {
    expect(textsOf((await chat.items(thread, { order: 'asc' })).data)).toEqual(['MARK question', 'MARK answer'])
    expect(await chatkitOf(eve).threads()).toEqual({ data: [], has_more: false })
  })

  test.each(['', 'abc', ' '.repeat(36), 'conv_', `${thread}x`, thread.toUpperCase(), 'run_01h455vb4pex5vsknk084sn02q'])(
    'the thread %j is not there',
    async (id) => {
      for (const [type, params] of requests(id, id)) {
        const answer = await ada.chatkit({ type, params })
        expect(answer.status).toBe(404)
      }
    },
  )

  test.each([
    ['an item of another thread', () => other, () => question],
    ['a workflow that the message does not have', () => thread, () => answer?.replace(/^msg_/, 'wf_')],
    ['a workflow of what a person said', () => thread, () => question?.replace(/^msg_/, 'wf_')],
    ['an id of another kind', () => thread, () => thread],
    ['no id', () => thread, () => 'x'],
  ])('%s is no place in the list', async (_, id, after) => {
    for (const order of ['asc', 'desc']) {
      const refused = await ada.chatkit({ type: 'items.list', params: { thread_id: id(), order, after: after() } })
      expect(refused.status).toBe(404)
    }
  })

  test('an attachment that nobody uploaded is not there', async () => {
    const params = { input: { ...input, attachments: ['atc_00000001'] } }
    expect((await ada.chatkit({ type: 'threads.create', params })).status).toBe(404)
  })
})
