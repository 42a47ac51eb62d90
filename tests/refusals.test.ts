import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { createApp } from '../api/app.ts'
import { standardLimits } from '../api/limits.ts'
import { listen } from '../api/listen.ts'
import { startApp, type TestApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { bearer, keyOf } from './support/key.ts'
import type { User } from './support/user.ts'

/** Every answer that refuses is JSON with a code and an id, at every door, whoever refuses. */
type Told = { code: string; message: string; errorId: string; [detail: string]: unknown }

let app: TestApp
let ada: User
let key: string

beforeAll(async () => {
  app = await startApp({ limits: { bodyBytes: 5_000, attachmentBytes: 5_000, importBytes: 5_000 } })
  ada = await app.user('ada')
  const scopes = ['conversations:read', 'conversations:write', 'runs:write', 'tasks:read', 'tasks:write']
  key = (await keyOf(ada, scopes)).key
})

/** Where each door has it. */
function toldIn(body: unknown): Told {
  const { error, errors } = body as { error?: Told & { data?: Told }; errors?: { message: string; extensions: Told }[] }
  const [first] = errors ?? []
  if (first) return { ...first.extensions, message: first.message }
  if (error?.data) return { ...error.data, message: error.message }
  if (!error) throw new Error(`This is no refusal: ${JSON.stringify(body)}`)
  return error
}

async function refused(response: Response, status: number, code: string): Promise<Told> {
  const body = await response.text()
  expect(response.status, body).toBe(status)
  expect(response.headers.get('content-type'), body).toMatch(/^application\/(graphql-response\+)?json/)
  expect(response.headers.get('cache-control') ?? 'no-store').toContain('no-store')
  const told = toldIn(JSON.parse(body))
  expect(told).toMatchObject({ code, message: expect.any(String), errorId: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  expect(told.message).not.toBe('')
  return told
}

type Ask = { method: string; headers: Record<string, string>; body?: string }

const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const hello = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } }
const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: hello }

/** A good request of each door, but for the credential. */
const doors: [path: string, ask: Ask][] = [
  ['/graphql', { method: 'POST', headers: json, body: '{"query":"{ __typename }"}' }],
  ['/chatkit', { method: 'POST', headers: json, body: '{"type":"threads.list","params":{}}' }],
  ['/mcp', { method: 'POST', headers: json, body: JSON.stringify(initialize) }],
  ['/import', { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: '{}' }],
  ['/export', { method: 'GET', headers: {} }],
  ['/attachments', { method: 'POST', headers: {}, body: '' }],
]
const writing = doors.filter(([path]) => path !== '/export')

const ask = (path: string, init: Ask, more: Record<string, string> = {}) =>
  fetch(`${app.url}${path}`, { ...init, headers: { ...init.headers, ...more } })

/** Under the name of another host, which `fetch` would not say. */
function askForEvil(path: string, { method, headers, body }: Ask): Promise<Response> {
  return new Promise((resolve) => {
    const asked = request(`${app.url}${path}`, { method, headers: { ...headers, host: 'evil.test' } }, async (it) =>
      resolve(
        new Response(await text(it), { status: it.statusCode ?? 0, headers: it.headers as Record<string, string> }),
      ),
    )
    asked.end(body)
  })
}

describe('at every door', () => {
  test.each(doors)('%s: nobody is told to bring a credential', async (path, init) => {
    const response = await ask(path, init)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    await refused(response, 401, 'UNAUTHENTICATED')
  })

  test.each(doors)('%s: two credentials are one too many', async (path, init) => {
    await refused(await ask(path, init, { ...bearer(key), 'x-api-key': key }), 400, 'BAD_USER_INPUT')
  })

  test.each(writing.filter(([path]) => path !== '/mcp'))('%s: a foreign page is sent away', async (path, init) => {
    const stolen = { cookie: ada.headers.cookie, origin: 'https://evil.test' }
    await refused(await ask(path, init, stolen), 403, 'CSRF_REJECTED')
  })

  test.each(doors)('%s: another method than those that are served', async (path, init) => {
    const response = await ask(path, { ...init, method: 'PATCH' }, bearer(key))
    if (path === '/mcp') await refused(response, 400, 'BAD_USER_INPUT')
    else await refused(response, 405, 'METHOD_NOT_ALLOWED')
  })

  test.each(writing)('%s: another type than those that are taken', async (path, init) => {
    const response = await ask(
      path,
      { ...init, body: init.body || 'x' },
      { ...bearer(key), 'content-type': 'text/plain' },
    )
    await refused(response, 415, 'UNSUPPORTED_MEDIA_TYPE')
  })

  test.each(writing)('%s: more than is read', async (path, init) => {
    const form = new FormData()
    form.set('file', new File(['x'.repeat(30_000)], 'long.txt', { type: 'text/plain' }))
    const file = new Response(form)
    const [type, body] =
      path === '/attachments'
        ? [file.headers.get('content-type') ?? '', await file.text()]
        : [init.headers['content-type'] ?? '', JSON.stringify({ query: 'x'.repeat(30_000) })]
    const response = await ask(path, { ...init, body }, { ...bearer(key), 'content-type': type })
    expect(await response.clone().text()).toMatch(/"limitName":"(body|attachment|import)Bytes"/)
    await refused(response, 413, 'PAYLOAD_TOO_LARGE')
  })

  test.each(doors)('%s: too many requests', async (path, init) => {
    const busy = await startApp({ limits: { requestsPerMinute: 1, anonymousRequestsPerMinute: 1 } })
    const eve = await busy.user('eve')
    vi.useFakeTimers({ toFake: ['Date'], now: Math.ceil(Date.now() / 60_000) * 60_000 + 1_000 })
    const from = (headers: Record<string, string>) =>
      fetch(`${busy.url}${path}`, { ...init, headers: { ...init.headers, ...headers } })
    const token = bearer(await eve.token())
    await from(token)
    await from({})
    for (const headers of [token, {}]) {
      const response = await from(headers)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
      const told = await refused(response, 429, 'RATE_LIMITED')
      expect(told).toMatchObject({
        limit: 1,
        actual: 2,
        retryAfterMs: expect.any(Number),
        limitName: expect.any(String),
      })
    }
    vi.useRealTimers()
  })

  test.each([...doors, ['/api/auth/get-session', { method: 'GET', headers: {} }] as (typeof doors)[number]])(
    '%s: another host',
    async (path, init) => {
      const answer = await askForEvil(path, init)
      expect((await refused(answer, 421, 'MISDIRECTED_REQUEST')).message).toContain('PARLEY_URL')
    },
  )

  test('another host and a foreign page are in the log, with their names, once a minute', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    vi.useFakeTimers({ toFake: ['performance'], now: 0 })
    const minute = async () => {
      logged.mockClear()
      vi.advanceTimersByTime(3_600_000)
      const stolen = { cookie: ada.headers.cookie, origin: 'https://evil.test' }
      const init: Ask = { method: 'POST', headers: json, body: '{"query":"{ __typename }"}' }
      for (let n = 0; n < 3; n++) {
        await refused(await askForEvil('/graphql', init), 421, 'MISDIRECTED_REQUEST')
        expect((await refused(await ask('/graphql', init, stolen), 403, 'CSRF_REJECTED')).message).toContain(
          'PARLEY_URL',
        )
      }
      return logged.mock.calls.flat().filter((line) => String(line).startsWith('refused:'))
    }
    const lines = [
      expect.stringMatching(/host "evil.test".*PARLEY_URL/),
      expect.stringMatching(/page of "https:\/\/evil.test".*PARLEY_URL/),
    ]
    expect(await minute()).toEqual(lines)
    expect(await minute()).toEqual(lines)
    vi.useRealTimers()
    logged.mockRestore()
  })

  test.each(doors)('%s: what nobody foresaw is masked, and in the log under its id', async (path, init) => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    const broken = { ...app.database, units: { as: fails, asSystem: app.database.units.asSystem } }
    const other = await createApp(app.config, { database: broken })
    cleanUp(() => other.close())
    const url = `${app.url}${path}`
    const headers = { ...init.headers, ...bearer(await ada.token()) }
    const asked = path === '/graphql' ? { ...init, body: '{"query":"{ conversations { edges { cursor } } }"}' } : init
    const response = await other.fetch(new Request(url, { ...asked, headers }), '127.0.0.1')
    logged.mockRestore()
    // A session of MCP begins, and a form is looked at, before the database is asked.
    if (path === '/mcp' || path === '/attachments') return expect(response.status).toBeLessThan(500)
    const body = await response.text()
    const told = toldIn(JSON.parse(body))
    expect(told).toMatchObject({ code: expect.stringMatching(/^(INTERNAL_SERVER_ERROR|AUTH_UNAVAILABLE)$/) })
    expect(body).not.toContain('a secret of the machine')
  })
})

function fails(): never {
  throw new Error('a secret of the machine')
}

describe('where there is no door', () => {
  test.each(['/nothing', '/api/nothing', '/.well-known/nothing', '/healthz/x'])('%s', async (path) => {
    await refused(await fetch(`${app.url}${path}`), 404, 'NOT_FOUND')
    await refused(await fetch(`${app.url}${path}`, { method: 'POST' }), 404, 'NOT_FOUND')
  })

  test('what is not there of ours is no different from what is not yours', async () => {
    for (const path of ['/attachments/x?signature=y', '/export?conversation=conv_x'])
      await refused(await fetch(`${app.url}${path}`, { headers: bearer(key) }), 404, 'NOT_FOUND')
    const session = { ...json, ...bearer(key), 'mcp-session-id': 'x' }
    const list = { method: 'POST', headers: session, body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' }
    await refused(await fetch(`${app.url}/mcp`, list), 404, 'NOT_FOUND')
  })
})

describe('before there is a request', () => {
  async function said(words: string | null, limits = {}): Promise<Response> {
    const server = await listen({
      ...{ host: '127.0.0.1', port: 0, fetch: async (it: Request) => new Response(await it.text()) },
      limits: { ...standardLimits, ...limits },
    })
    cleanUp(() => server.close(0))
    const socket = connect(server.port, '127.0.0.1')
    if (words !== null) socket.write(words)
    socket.on('error', () => {})
    await once(socket, 'connect')
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
    const [status = '', ...headers] = head.split('\r\n')
    const pairs = headers.map((it) => it.split(': ') as [string, string])
    return new Response(body, { status: Number(status.split(' ')[1]), headers: pairs })
  }

  test('what is none', async () => {
    await refused(await said('what is this\r\n\r\n'), 400, 'BAD_USER_INPUT')
  })

  test('headers that are too long', async () => {
    await refused(await said(`GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`), 431, 'PAYLOAD_TOO_LARGE')
  })

  test('headers that take too long', async () => {
    await refused(await said('GET / HTTP/1.1\r\nhost: x\r\n', { headerSeconds: 1 }), 408, 'BAD_USER_INPUT')
  })

  test('a body that takes too long', async () => {
    const begun = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nx'
    await refused(await said(begun, { headerSeconds: 1, bodySeconds: 1 }), 408, 'BAD_USER_INPUT')
  })
})
