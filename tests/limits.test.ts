import { once } from 'node:events'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Draw, drawFrom, Rates } from '../api/auth/rates.ts'
import { StreamPlaces } from '../api/auth/stream-places.ts'
import { openStream } from '../api/graphql/open-stream.ts'
import { standardLimits } from '../api/limits.ts'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { sharedDatabase } from './support/databases.ts'
import { bearer, keyOf } from './support/key.ts'
import { mcpSession, postMcp } from './support/mcp.ts'
import { calls, pause, says, startProvider } from './support/scripted-provider.ts'
import { storedUser } from './support/stored-user.ts'
import type { User } from './support/user.ts'

/** Somewhere in a minute, and it stays there: a limit per minute is tried within one. */
const stopTheClock = () => vi.useFakeTimers({ toFake: ['Date'], now: Math.ceil(Date.now() / 60_000) * 60_000 + 1_000 })

afterEach(() => {
  vi.useRealTimers()
})

async function scripted() {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  return provider
}

type Refusal = { code: string; errorId: string; limitName: string; limit: number; actual: number; retryAfterMs: number }

async function asked(url: string, headers: Record<string, string>, query = '{ __typename }') {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  })
  const { errors }: { errors?: { extensions: Refusal }[] } = await response.json()
  return { status: response.status, retryAfter: response.headers.get('retry-after'), told: errors?.[0]?.extensions }
}

const threads = (user: User) => user.chatkit({ type: 'threads.list', params: {} })

describe('requests', () => {
  test('of one person: as many as the limit, at all doors together', async () => {
    const app = await startApp({ limits: { requestsPerMinute: 5 } })
    const [ada, eve] = [await app.user('ada'), await app.user('eve')]
    stopTheClock()
    for (let n = 0; n < 4; n++) expect((await asked(app.url, ada.headers)).status).toBe(200)
    expect((await threads(ada)).status).toBe(200)
    const refused = await asked(app.url, ada.headers)
    expect(refused.status).toBe(429)
    expect(Number(refused.retryAfter)).toBe(59)
    expect(refused.told).toMatchObject({
      ...{ code: 'RATE_LIMITED', limitName: 'requestsPerMinute', limit: 5, actual: 6 },
      errorId: expect.any(String),
    })
    const answer = await threads(ada)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '59'])
    expect(await answer.json()).toMatchObject({ error: { code: 'RATE_LIMITED', limitName: 'requestsPerMinute' } })
    expect((await asked(app.url, eve.headers)).status).toBe(200)
  })

  test('of a key are counted for the key', async () => {
    const app = await startApp({ limits: { requestsPerMinute: 3 } })
    const ada = await app.user('ada')
    const { key } = await keyOf(ada, ['tasks:read'])
    stopTheClock()
    for (let n = 0; n < 3; n++) expect((await asked(app.url, bearer(key))).status).toBe(200)
    expect((await asked(app.url, bearer(key))).status).toBe(429)
    expect((await asked(app.url, ada.headers)).status).toBe(200)
  })

  test('without a good credential: so many per address, whatever the headers say', async () => {
    const app = await startApp({ limits: { anonymousRequestsPerMinute: 5 } })
    const ada = await app.user('ada')
    stopTheClock()
    const forgeries: Record<string, string>[] = [
      {},
      bearer('x'),
      bearer('parley_x'),
      { 'x-forwarded-for': '192.0.2.9' },
    ]
    expect((await fetch(`${app.url}/api/auth/jwks`)).status).toBe(200)
    for (const headers of forgeries) expect((await asked(app.url, headers)).status).toBe(401)
    const refused = await asked(app.url, { 'x-forwarded-for': '192.0.2.10' })
    expect(refused).toMatchObject({
      ...{ status: 429, retryAfter: '60' },
      told: { code: 'RATE_LIMITED', limitName: 'anonymousRequestsPerMinute', limit: 5, actual: 6 },
    })
    expect((await asked(app.url, ada.headers)).status).toBe(200)
  })

  test('through a proxy of the operator are told apart by what it says', async () => {
    const app = await startApp({
      limits: { anonymousRequestsPerMinute: 1 },
      env: { PARLEY_TRUSTED_PROXIES: '127.0.0.0/8, ::1' },
    })
    const from = (address: string) => asked(app.url, { 'x-forwarded-for': address })
    expect((await from('192.0.2.1')).status).toBe(401)
    expect((await from('198.51.100.7, 192.0.2.1')).status).toBe(429)
    expect((await from('192.0.2.2')).status).toBe(401)
    expect((await from('2001:db8:1:2::1')).status).toBe(401)
    expect((await from('2001:db8:1:2:ffff::2')).status).toBe(429)
  })
})

test('messages: so many a minute, whatever credential they come with', async () => {
  const provider = await scripted()
  provider.always(says('yes'))
  const app = await startApp({ provider, limits: { sendsPerMinute: 2 } })
  const ada = await app.user('ada')
  const { key } = await keyOf(ada, ['conversations:write', 'runs:write'])
  stopTheClock()
  await ada.asks('one')
  const send = 'mutation { sendMessage(input: { content: "more" }) { run { id } } }'
  expect((await asked(app.url, bearer(key), send)).told).toBeUndefined()
  expect(await asked(app.url, bearer(key), send)).toMatchObject({
    status: 200,
    told: { code: 'RATE_LIMITED', limitName: 'sendsPerMinute', limit: 2, actual: 3 },
  })
  await expect(ada.asks('three')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
})

test('answers: so many at once for one person', async () => {
  const provider = await scripted()
  provider.always(says('wait', pause))
  const app = await startApp({ provider, limits: { runsPerUser: 2 } })
  const [ada, eve] = [await app.user('ada'), await app.user('eve')]
  const first = await ada.asks('one')
  const made = await Promise.allSettled([ada.asks('two'), ada.asks('three')])
  const refused = made.filter((it) => it.status === 'rejected')
  expect(refused).toMatchObject([
    {
      reason: {
        code: 'RATE_LIMITED',
        errors: [{ extensions: { limitName: 'runsPerUser', limit: 2, actual: 3, retryAfterMs: 1_000 } }],
      },
    },
  ])
  await eve.asks('someone else')
  await ada.asks('waits', { conversation: first.conversation, whenBusy: 'QUEUE' })
  await ada.stops(first.run)
})

test('a decision that is waited for takes no place among them', async () => {
  const provider = await scripted()
  const app = await startApp({ provider, limits: { runsPerUser: 1 } })
  const ada = await app.user('ada')
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: 'task_x' } }))
  const { run } = await ada.asks('delete it')
  const status = 'query ($id: ID!) { node(id: $id) { ... on Run { status } } }'
  await vi.waitFor(async () =>
    expect(await ada.query(status, { id: run.id })).toEqual({ node: { status: 'AWAITING_APPROVAL' } }),
  )
  provider.plays(says('two'))
  expect((await ada.hears('another')).text).toContain('two')
})

test('answers: so many at once in one process, after a short wait', async () => {
  const provider = await scripted()
  const app = await startApp({ provider, limits: { runs: 1, queueSeconds: 1 } })
  const [ada, eve] = [await app.user('ada'), await app.user('eve')]
  provider.plays(says('wait', pause))
  const { run } = await ada.asks('one')
  await expect(eve.asks('two')).rejects.toMatchObject({
    code: 'OVERLOADED',
    errors: [{ extensions: { limitName: 'runs', limit: 1, actual: 2, retryAfterMs: 1_000 } }],
  })
  provider.plays(says('two'))
  const later = eve.asks('two')
  await ada.stops(run)
  await later
})

describe('streams', () => {
  /** Opens one; what it says at once is a refusal. */
  async function open(user: User) {
    const leave = new AbortController()
    const response = await user.request('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { viewerEvents { __typename } }' }),
      signal: leave.signal,
    })
    const first = response.body
      ?.getReader()
      .read()
      .then(({ value }) => new TextDecoder().decode(value))
    const said = await Promise.race([first, new Promise<string>((resolve) => setTimeout(resolve, 300, ''))])
    const { errors }: { errors?: { extensions: Refusal }[] } = JSON.parse(/^data: (.+)$/m.exec(said ?? '')?.[1] ?? '{}')
    first?.catch(() => {})
    return { refused: errors?.[0]?.extensions ?? null, close: () => leave.abort() }
  }

  test('of one person: as many as the limit; one that is closed makes room', async () => {
    const app = await startApp({ limits: { subscriptionsPerUser: 2 } })
    const [ada, eve] = [await app.user('ada'), await app.user('eve')]
    const [one, two] = [await open(ada), await open(ada)]
    expect([one.refused, two.refused]).toEqual([null, null])
    expect((await open(ada)).refused).toMatchObject({
      ...{ code: 'RATE_LIMITED', limitName: 'subscriptionsPerUser', limit: 2, actual: 3 },
    })
    const download = await ada.request('/export')
    expect(download.status).toBe(429)
    expect(await download.json()).toMatchObject({ error: { limitName: 'subscriptionsPerUser', limit: 2, actual: 3 } })
    const hers = await open(eve)
    expect(hers.refused).toBeNull()
    one.close()
    // One that has been read gives its place back.
    const exports = async () => (await ada.request('/export')).text()
    await vi.waitFor(async () => expect(await exports()).toContain('parley-export'))
    await vi.waitFor(async () => expect((await open(ada)).refused).toBeNull())
    for (const it of [two, hers]) it.close()
  })

  test('of all in one process', async () => {
    const app = await startApp({ limits: { subscriptions: 1 } })
    const [ada, eve] = [await app.user('ada'), await app.user('eve')]
    const one = await open(ada)
    expect((await open(eve)).refused).toMatchObject({
      ...{ code: 'OVERLOADED', limitName: 'subscriptions', limit: 1, actual: 2 },
    })
    one.close()
  })
})

describe('a stream ends with its age, and goes on behind its last cursor', () => {
  test('of a conversation', async () => {
    const app = await startApp({ limits: { streamMinutes: 1 } })
    const ada = await app.user('ada')
    const { createConversation } = await ada.mutate<{ createConversation: { conversation: { id: string } } }>(
      'mutation { createConversation(input: {}) { conversation { id } } }',
    )
    const { conversation } = createConversation
    const names = (title: string) =>
      ada.mutate(
        'mutation ($input: UpdateConversationInput!) { updateConversation(input: $input) { conversation { id } } }',
        { input: { conversationId: conversation.id, title } },
      )
    const openedAt = Math.ceil(Date.now() / 60_000) * 60_000
    vi.useFakeTimers({ toFake: ['Date'], now: openedAt })
    const events = ada.follows(conversation)
    const { value: first } = await events.next()
    vi.setSystemTime(openedAt + 59_000)
    await names('Young')
    expect((await events.next()).value).toMatchObject({ conversation: { title: 'Young' } })
    vi.setSystemTime(openedAt + 60_000)
    await names('Old')
    await expect(events.next()).rejects.toMatchObject({ code: 'MAX_AGE' })
    const again = ada.follows(conversation, { after: first?.cursor ?? '' })
    expect((await again.next()).value).toMatchObject({ conversation: { title: 'Old' } })
    await again.return()
  })

  test('of any kind', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
    const viewer = { id: 'ada', scopes: [] }
    const context = {
      ...{ request: new Request('http://parley.test'), viewer, limits: standardLimits },
      ...{ places: new StreamPlaces(standardLimits), stillSignedIn: async () => true },
    }
    const stream = await openStream(context, async (signal) =>
      (async function* (): AsyncGenerator<never, void> {
        await once(signal, 'abort')
        yield* [] as never[]
      })(),
    )
    let over = false
    const end = stream[Symbol.asyncIterator]().next()
    end.catch(() => {
      over = true
    })
    await vi.advanceTimersByTimeAsync(standardLimits.streamMinutes * 60_000 - 1)
    expect(over).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await expect(end).rejects.toMatchObject({ code: 'MAX_AGE' })
  })
})

describe('a limit that processes share', () => {
  const limits = { ...standardLimits, requestsPerMinute: 100 }

  async function two() {
    const { units } = await sharedDatabase()
    const user = await storedUser(await sharedDatabase(), 'ada')
    let draws = 0
    const counted: Draw = (...it) => {
      draws++
      return drawFrom(units)(...it)
    }
    return { user, processes: [new Rates(limits, counted), new Rates(limits, counted)], draws: () => draws }
  }

  test('is one limit, drawn in few statements', async () => {
    stopTheClock()
    const { user, processes, draws } = await two()
    const takes = Array.from({ length: 240 }, (_, n) => processes[n % 2]?.take(user, 'requestsPerMinute'))
    const taken = (await Promise.allSettled(takes)).filter(({ status }) => status === 'fulfilled')
    expect(taken).toHaveLength(100)
    expect(draws()).toBeLessThan(25)
    await expect(processes[0]?.take(user, 'requestsPerMinute')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    const before = draws()
    await expect(processes[0]?.take(user, 'requestsPerMinute')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(draws()).toBe(before)
    vi.setSystemTime(Date.now() + 60_000)
    expect(await processes[1]?.take(user, 'requestsPerMinute')).toMatchObject({ limit: 100, remaining: 99 })
  })

  test('that cannot be counted lets people in', async () => {
    const { user } = await two()
    const rates = new Rates(limits, () => Promise.reject(new Error('the database is away')))
    expect(await rates.take(user, 'requestsPerMinute')).toMatchObject({ limit: 100 })
  })

  test('leaves one row per count, however long it goes on', async () => {
    stopTheClock()
    const { user, processes } = await two()
    const { units } = await sharedDatabase()
    for (let minute = 0; minute < 3; minute++) {
      for (const name of ['requestsPerMinute', 'costPerMinute'] as const)
        await processes[0]?.take({ ...user, keyId: `key ${minute}` }, name)
      vi.setSystemTime(Date.now() + 61_000)
    }
    const rows = await units.as(user).execute('select bucket from rate_bucket')
    expect(rows.length).toBeLessThanOrEqual(3)
  })
})

describe('what one may send: as much as the limit, not one more', () => {
  const small = {
    ...{ messageBytes: 20, titleCharacters: 10, taskCharacters: 12, searchCharacters: 8, pageMax: 5, pageDefault: 2 },
    ...{ cursorBytes: 200, bodyBytes: 3_000 },
  }
  const title = (it: string) => [
    'mutation ($it: String!) { createConversation(input: { title: $it }) { conversation { title } } }',
    { it },
  ]
  const task = (it: string) => ['mutation ($it: String!) { createTask(input: { title: $it }) { task { id } } }', { it }]
  const search = (it: string) => ['query ($it: String!) { searchMessages(query: $it) { edges { cursor } } }', { it }]
  const message = (it: string) => [
    'mutation ($it: String!) { sendMessage(input: { content: $it }) { run { id } } }',
    { it },
  ]
  const page = (n: number) => ['query ($n: Int) { conversations(first: $n) { edges { cursor } } }', { n }]
  const body = (bytes: number) => ['{ __typename }', { x: 'x'.repeat(bytes - 59) }]

  test('words, pages and bodies', async () => {
    const provider = await scripted()
    provider.always(says('yes'))
    const app = await startApp({ provider, limits: small })
    const ada = await app.user('ada')
    const codeOf = async ([query, variables]: (string | object)[]) => {
      const sent = JSON.stringify({ query, variables })
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: sent }
      const { errors }: { errors?: { extensions: Refusal }[] } = await (await ada.request('/graphql', init)).json()
      return { code: errors?.[0]?.extensions.code ?? null, bytes: sent.length }
    }
    const pairs: [(string | object)[], (string | object)[]][] = [
      [title('t'.repeat(10)), title('t'.repeat(11))],
      [task('t'.repeat(12)), task('t'.repeat(13))],
      [search('s'.repeat(8)), search('s'.repeat(9))],
      [message('ä'.repeat(10)), message(`${'ä'.repeat(10)}x`)],
      [page(5), page(6)],
      [page(0), page(-1)],
    ]
    for (const [most, more] of pairs) {
      expect((await codeOf(most)).code, JSON.stringify(most)).toBeNull()
      expect((await codeOf(more)).code, JSON.stringify(more)).toBe('BAD_USER_INPUT')
    }
    const { bytes } = await codeOf(body(3_000))
    expect((await codeOf(body(3_000 + 3_000 - bytes))).code).toBeNull()
    expect(await codeOf(body(3_000 + 3_001 - bytes))).toEqual({ code: 'PAYLOAD_TOO_LARGE', bytes: 3_001 })
    for (let n = 0; n < 4; n++) await codeOf(title(`${n}`))
    const { conversations } = await ada.query<{ conversations: { edges: { cursor: string }[] } }>(
      '{ conversations { edges { cursor } } }',
    )
    expect(conversations.edges).toHaveLength(2)
    const behind = (cursor: string) => [
      'query ($c: String) { conversations(after: $c) { edges { cursor } } }',
      { c: cursor },
    ]
    // What follows the end of a cursor is not looked at, but counted.
    const cursor = conversations.edges[0]?.cursor ?? ''
    const padded = (length: number) => `${cursor}${'='.repeat(length - cursor.length)}`
    expect((await codeOf(behind(padded(200)))).code).toBeNull()
    expect((await codeOf(behind(padded(201)))).code).toBe('BAD_USER_INPUT')
  })

  test('pages and words of ChatKit and of tools', async () => {
    const provider = await scripted()
    provider.always(says('yes'))
    const app = await startApp({ provider, limits: small })
    const ada = await app.user('ada')
    const { conversation } = await ada.hears('one two')
    for (let n = 0; n < 5; n++) await ada.hears(`two ${n}`, { conversation })
    for (let n = 0; n < 6; n++) await ada.mutate(title(`two ${n}`)[0] as string, { it: `two ${n}` })
    const sizes = async (type: string, params: object) => {
      const pages = [{}, { limit: 9_999 }].map(async (size) => {
        const answer = await ada.chatkit({ type, params: { ...params, ...size } })
        const { data, has_more } = (await answer.json()) as { data: unknown[]; has_more: boolean }
        return [data.length, has_more]
      })
      return Promise.all(pages)
    }
    expect(await sizes('threads.list', { order: 'desc' })).toEqual([
      [2, true],
      [5, true],
    ])
    for (const order of ['asc', 'desc'])
      expect(await sizes('items.list', { thread_id: conversation.id, order })).toEqual([
        [2, true],
        [5, true],
      ])
    const session = await mcpSession(app.url, bearer(await ada.token()))
    const { structuredContent } = await session.call('search_conversations', { query: 'two' })
    expect(structuredContent).toMatchObject({ more: true })
    expect((structuredContent as { found: unknown[] }).found).toHaveLength(5)
    expect(await session.call('search_conversations', { query: 's'.repeat(8) })).not.toMatchObject({ isError: true })
    expect(await session.call('search_conversations', { query: 's'.repeat(9) })).toMatchObject({ isError: true })
    const { resources } = await session.request<{ resources: unknown[] }>('resources/list', {})
    expect(resources).toHaveLength(5)
  })

  test('sessions of MCP', async () => {
    const app = await startApp({ limits: { mcpSessionsPerUser: 2 } })
    const [ada, eve] = [await app.user('ada'), await app.user('eve')]
    const headers = bearer(await ada.token())
    const [first, second] = [await mcpSession(app.url, headers), await mcpSession(app.url, headers)]
    const third = await mcpSession(app.url, headers).catch((error: Error) => error.message)
    // The one that was quiet the longest makes room, or the new one is refused: never are there three.
    const list = (id: string) => postMcp(app.url, headers, { id: 9, method: 'tools/list', params: {} }, id)
    const ids = [first.id, second.id, ...(typeof third === 'string' ? [] : [third.id])]
    const open = await Promise.all(ids.map(async (id) => (await list(id)).status === 200))
    expect(open.filter(Boolean)).toHaveLength(2)
    expect((await mcpSession(app.url, bearer(await eve.token()))).id).toBeTruthy()
  })
})
