import { afterEach, describe, expect, test, vi } from 'vitest'
import { ProcessBell } from '../api/bell/bell.ts'
import { AppError } from '../api/errors.ts'
import { standardLimits } from '../api/limits.ts'
import { door, graphqlJson, post, unauthenticated, url } from './support/graphql-door.ts'

/** The door alone, as HTTP sees it: what lies behind it is never reached here. */

type Told = {
  message: string
  path?: unknown
  extensions: { code: string; errorId: string; [detail: string]: unknown }
}

async function answered(response: Response): Promise<{ status: number; errors: Told[]; data?: unknown }> {
  const body: { errors?: Told[]; data?: unknown } = await response.json()
  return { status: response.status, errors: body.errors ?? [], data: body.data }
}

const errorId = expect.stringMatching(/^[0-9a-f-]{36}$/)

afterEach(() => {
  vi.restoreAllMocks()
})

describe('without a credential', () => {
  test.each([graphqlJson, 'application/json', 'text/event-stream', '*/*'])(
    '%s is 401 before GraphQL',
    async (accept) => {
      const response = await door()(post({ query: 'this is no GraphQL' }, { authorization: '', accept }))
      expect(response.headers.get('www-authenticate')).toBe('Bearer')
      expect(await answered(response)).toEqual({
        status: 401,
        data: undefined,
        errors: [{ message: unauthenticated.message, extensions: { code: 'UNAUTHENTICATED', errorId } }],
      })
    },
  )

  test('that can be checked right now it is 503', async () => {
    const authenticate = () => Promise.reject(new AppError('AUTH_UNAVAILABLE', 'Later.', { retryAfterMs: 1_200 }))
    const response = await door({ authenticate })(post({ query: '{ __typename }' }))
    expect(response.headers.get('retry-after')).toBe('2')
    expect(await answered(response)).toMatchObject({
      status: 503,
      errors: [{ extensions: { code: 'AUTH_UNAVAILABLE' } }],
    })
  })
})

describe('requests', () => {
  test('are answered in the form that was asked for', async () => {
    for (const accept of [graphqlJson, 'application/json']) {
      const response = await door()(post({ query: '{ viewer { name } }' }, { accept }))
      expect(response.headers.get('content-type')).toBe(`${accept}; charset=utf-8`)
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(await response.json()).toEqual({
        data: { viewer: { name: 'Ada' } },
        extensions: { cost: { cost: 1, limit: 20_000, remaining: expect.any(Number), resetAt: expect.any(String) } },
      })
    }
  })

  test('by GET can read', async () => {
    const request = new Request(`${url}?query={viewer{name}}`, { headers: { authorization: 'Bearer good' } })
    expect(await answered(await door()(request))).toMatchObject({ status: 200, data: { viewer: { name: 'Ada' } } })
  })

  test('by GET cannot change anything', async () => {
    const query = encodeURIComponent('mutation { deleteTask(input: { taskId: "x" }) { deletedId } }')
    const response = await door()(new Request(`${url}?query=${query}`, { headers: { authorization: 'Bearer good' } }))
    expect(response.headers.get('allow')).toBe('POST')
    expect(await answered(response)).toMatchObject({
      status: 405,
      errors: [{ extensions: { code: 'METHOD_NOT_ALLOWED' } }],
    })
  })

  const get = (search: string) => new Request(`${url}?${search}`, { headers: { authorization: 'Bearer good' } })
  const big = { query: '{ __typename }', variables: { text: 'x'.repeat(standardLimits.bodyBytes) } }

  test.each<[string, Request, number, string]>([
    ['that do not parse', post({ query: '{ viewer {' }), 400, 'GRAPHQL_PARSE_FAILED'],
    ['for fields that are not there', post({ query: '{ viewer { password } }' }), 400, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'with an enum value that is not there',
      post({ query: '{ tasks(status: GONE) { totalCount } }' }),
      400,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'with a member that is not there',
      post({ query: 'mutation { createTask(input: { title: "x", userId: "y" }) { task { id } } }' }),
      400,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'with a variable of the wrong type',
      post({ query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', variables: { ids: null } }),
      400,
      'BAD_USER_INPUT',
    ],
    [
      'with a day that the calendar does not have',
      post({
        query: 'mutation ($on: Date) { createTask(input: { title: "x", dueOn: $on }) { task { id } } }',
        variables: { on: '2026-02-30' },
      }),
      400,
      'BAD_USER_INPUT',
    ],
    [
      'that name no operation of the document',
      post({ query: 'query A { __typename }', operationName: 'B' }),
      400,
      'BAD_USER_INPUT',
    ],
    ['without a document', post({}), 400, 'BAD_USER_INPUT'],
    ['in batches', post([{ query: '{ __typename }' }]), 400, 'BAD_USER_INPUT'],
    ['with a body that is not JSON', post('{'), 400, 'BAD_USER_INPUT'],
    ['with variables that are not JSON', get('query={__typename}&variables={'), 400, 'BAD_USER_INPUT'],
    [
      'as a form',
      post('query={__typename}', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'as plain text',
      post('{"query":"{__typename}"}', { 'content-type': 'text/plain' }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['in parts', post('--x--', { 'content-type': 'multipart/form-data; boundary=x' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'of another method',
      new Request(url, { method: 'PUT', headers: { authorization: 'Bearer good' } }),
      405,
      'METHOD_NOT_ALLOWED',
    ],
    ['that are too big', post(big), 413, 'PAYLOAD_TOO_LARGE'],
    [
      'that take no answer we can give',
      post({ query: '{ __typename }' }, { accept: 'image/png' }),
      406,
      'BAD_USER_INPUT',
    ],
  ])('%s are refused', async (_, request, status, code) => {
    expect(await answered(await door()(request))).toMatchObject({ status, errors: [{ extensions: { code, errorId } }] })
  })

  test('that are too big are told how big they may be, announced or not', async () => {
    const limits = { ...standardLimits, bodyBytes: 10_000 }
    const long = JSON.stringify({ query: `{ ${'__typename '.repeat(1_000)} }` })
    const announced = post(long, { 'content-length': String(long.length) })
    const pieces = [long.slice(0, 6_000), long.slice(6_000)].map((it) => new TextEncoder().encode(it))
    const { headers } = post('')
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece)
        controller.close()
      },
    })
    const chunked = new Request(url, { method: 'POST', headers, body, duplex: 'half' })
    expect(chunked.headers.has('content-length')).toBe(false)
    for (const request of [announced, chunked])
      expect(await answered(await door({ limits })(request))).toEqual({
        status: 413,
        data: undefined,
        errors: [
          {
            message: 'The request has more than 10000 bytes.',
            extensions: { code: 'PAYLOAD_TOO_LARGE', errorId, limit: 10_000, limitName: 'bodyBytes' },
          },
        ],
      })
  })

  test('with application/json get 200 for mistakes in the document, as the specification wants', async () => {
    const response = await door()(post({ query: '{ nothing }' }, { accept: 'application/json' }))
    expect(await answered(response)).toMatchObject({
      status: 200,
      errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    })
  })

  test('get names to choose from, but not in production', async () => {
    const request = () => post({ query: '{ viewer { nam } }' })
    const [here, there] = await Promise.all([door()(request()), door({ production: true })(request())])
    expect((await answered(here)).errors[0]?.message).toContain('Did you mean "name"')
    expect((await answered(there)).errors[0]?.message).not.toContain('Did you mean')
  })

  test('of other origins get no permission', async () => {
    const response = await door()(post({ query: '{ __typename }' }, { origin: 'https://evil.example' }))
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('errors', () => {
  const query = '{ viewer { name } toolServers { name } }'
  const failing = (error: unknown) =>
    door({ toolboxes: { servers: () => Promise.reject(error), open: null as never, close: null as never } })

  test('of a field leave the other fields alone, and say code and details', async () => {
    const error = new AppError('OVERLOADED', 'Too much to do.', { retryAfterMs: 500 })
    expect(await answered(await failing(error)(post({ query })))).toEqual({
      status: 200,
      data: { viewer: { name: 'Ada' }, toolServers: null },
      errors: [
        {
          message: 'Too much to do.',
          path: ['toolServers'],
          locations: [{ line: 1, column: 19 }],
          extensions: { code: 'OVERLOADED', errorId, retryAfterMs: 500 },
        },
      ],
    })
  })

  test('that nobody foresaw are masked, and logged once under the id that is told', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const cause = { sql: 'select secret' }
    const { errors } = await answered(
      await failing(Object.assign(new Error('select broken'), { cause }))(post({ query })),
    )
    expect(errors).toMatchObject([
      { message: 'Something went wrong on our side.', extensions: { code: 'INTERNAL_SERVER_ERROR' } },
    ])
    expect(JSON.stringify(errors)).not.toContain('broken')
    expect(logged).toHaveBeenCalledOnce()
    const [line] = logged.mock.calls[0] ?? []
    expect(line).toContain(errors[0]?.extensions.errorId)
    expect(line).toContain('select broken')
    expect(line).not.toContain('secret')
  })

  test('of values that a resolver should not have given are ours, not the caller’s', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const servers = async () => [{ name: 'tasks', status: 'SLEEPING' as never, error: null, tools: [] }]
    const response = await door({ toolboxes: { servers, open: null as never, close: null as never } })(
      post({ query: '{ toolServers { status } }' }),
    )
    expect(await answered(response)).toMatchObject({
      status: 200,
      errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    })
  })
})

describe('streams', () => {
  const subscription = { query: 'subscription { viewerEvents { __typename } }' }

  test('are event streams that no proxy holds back', async () => {
    const leave = new AbortController()
    const request = new Request(post(subscription, { accept: 'text/event-stream' }), { signal: leave.signal })
    const response = await door()(request)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    leave.abort()
  })

  test('end with their reader: the bell forgets who left, however they left', async () => {
    const bell = new ProcessBell()
    const listening = vi.spyOn(bell, 'listen')
    const leave = new AbortController()
    const open = async (signal?: AbortSignal) =>
      (
        await door({ bell })(
          new Request(post(subscription, { accept: 'text/event-stream' }), { signal: signal ?? null }),
        )
      ).body?.getReader()
    const [first, second] = [await open(leave.signal), await open()]
    await Promise.all([first?.read(), second?.read()])
    await vi.waitFor(() => expect(listening).toHaveBeenCalledTimes(2))
    leave.abort()
    await second?.cancel()
    await vi.waitFor(() => {
      for (const { value: listener } of listening.mock.results) expect(listener.signal.aborted).toBe(true)
    })
  })

  test('that cannot be read are refused', async () => {
    const response = await door()(post(subscription, { accept: graphqlJson }))
    expect(await answered(response)).toMatchObject({
      status: 406,
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    })
  })

  test('tell why they end', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
    const response = await door({ stillSignedIn: async () => false })(
      post(subscription, { accept: 'text/event-stream' }),
    )
    const text = response.text()
    await vi.advanceTimersByTimeAsync(60_000)
    vi.useRealTimers()
    expect(await text).toMatch(/event: next\ndata: .*"SESSION_EXPIRED".*\n\nevent: complete\n/)
  })
})

describe('GraphiQL', () => {
  const browser = (headers: Record<string, string> = {}) =>
    new Request(url, { headers: { accept: 'text/html,application/xhtml+xml', ...headers } })

  test('leads to sign-in without a session', async () => {
    const response = await door()(browser())
    expect([response.status, response.headers.get('location')]).toEqual([302, '/sign-in?to=/graphql'])
  })

  test('takes everything from this server, in files that are named by what is in them', async () => {
    const serve = door()
    const response = await serve(browser({ authorization: 'Bearer good' }))
    const page = await response.text()
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self';")
    expect(page).not.toMatch(/<script(?![^>]* src=)|<style|https?:/)
    const files = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path ?? '')
    expect(files.length).toBeGreaterThanOrEqual(3)
    for (const path of files) {
      const file = await serve(new Request(new URL(path, url)))
      expect(file.status).toBe(200)
      expect(file.headers.get('cache-control')).toContain('immutable')
    }
  })

  test('has no other files', async () => {
    expect((await door()(new Request(`${url}/assets/other.js`))).status).toBe(404)
  })

  test('can be switched off', async () => {
    const response = await door({ graphiql: false })(browser({ authorization: 'Bearer good' }))
    expect(response.headers.get('content-type')).not.toContain('text/html')
  })
})
