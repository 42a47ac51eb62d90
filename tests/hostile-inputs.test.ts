import { createHmac, createPublicKey, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { startApp, type TestApp } from './support/app.ts'
import { cleanUpAfterFile } from './support/cleaning.ts'
import { readInputs } from './support/inputs.ts'
import { type Provider, says, startProvider } from './support/scripted-provider.ts'
import type { User } from './support/user.ts'

vi.setConfig({ testTimeout: 60_000 })

let provider: Provider
let app: TestApp
let ada: User
let eve: User
let conversation: string
const logged: string[] = []

beforeAll(async () => {
  provider = await startProvider()
  cleanUpAfterFile(() => provider.close())
  provider.always(says('ok'))
  app = await startApp({ provider })
  ;[ada, eve] = [await app.user('ada'), await app.user('eve')]
  conversation = (await ada.hears('hello')).conversation.id
  vi.spyOn(console, 'error').mockImplementation((...words) => void logged.push(words.map(String).join(' ')))
  cleanUpAfterFile(() => vi.restoreAllMocks())
})

afterEach(() => {
  expect(logged.splice(0), 'nothing went wrong inside').toEqual([])
})

type Answer = { data?: unknown; errors?: { message: string; extensions: { code: string; errorId: string } }[] }
type Headers = Record<string, string>

const json = { 'content-type': 'application/json' }

async function sent(body: string, headers: Headers = ada.headers): Promise<{ status: number; text: string } & Answer> {
  const response = await fetch(`${app.url}/graphql`, { method: 'POST', headers: { ...json, ...headers }, body })
  const text = await response.text()
  const [, event] = /^data: (.*)$/m.exec(text) ?? []
  return { status: response.status, text, ...JSON.parse(event ?? (text || '{}')) }
}

const messages = async () =>
  Number((await app.database.units.asSystem().execute('select count(*) as n from message'))[0]?.n)

const contentOf = async (id: string) => {
  type Read = { node: { content: string; conversation: { title: string } } }
  const query = 'query ($id: ID!) { node(id: $id) { ... on Message { content conversation { title } } } }'
  return (await ada.query<Read>(query, { id })).node
}

describe('a message', () => {
  type Input = { name: string; text: string; check: { refused?: true; roundtrip?: true } }

  test.each(readInputs<Input>('messages').map((it) => [it.name, it] as const))('%s', async (_, { text, check }) => {
    const [before, asked] = [await messages(), provider.requests.length]
    const input = { content: [{ type: 'input_text', text }], attachments: [], inference_options: {} }
    if (check.refused) {
      await expect(ada.asks(text)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
      const answer = await ada.chatkit({ type: 'threads.create', params: { input } })
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ error: { code: 'BAD_USER_INPUT', errorId: expect.any(String) } })
      expect([await messages(), provider.requests.length]).toEqual([before, asked])
      return
    }
    expect(check).toEqual({ roundtrip: true })
    const heard = await ada.hears(text)
    expect(heard.text).toContain('ok')
    const kept = await contentOf(heard.message.id)
    expect(kept.content).toBe(text)
    expect(kept.conversation.title).toMatch(/^[^\r\n\u2028\u2029]{1,200}$/u)
    expect(JSON.stringify(provider.requests.at(-1))).toContain(JSON.stringify(text).slice(1, -1))
    const events = await Array.fromAsync((await ada.chatkit({ type: 'threads.create', params: { input } })).events())
    const said = events.flatMap((it) =>
      it.type === 'thread.item.done' ? [it.item as { type: string; content: { text: string }[] }] : [],
    )
    expect(said.map(({ type }) => type)).toEqual(['user_message', 'assistant_message'])
    expect(said[0]?.content[0]?.text).toBe(text)
  })
})

describe('a request of GraphQL', () => {
  type Input = {
    name: string
    request: {
      aliases?: { prefix: string; field: string; times: number; wrap: string }
      document?: string
      variables?: object
      body?: unknown
      raw?: string
      get?: string
      as?: 'stranger'
      type?: string
      origin?: string
      times?: number
    }
    check: {
      codes?: string[]
      data?: object
      orData?: object
      hasData?: true
      sameData?: true
      messagesAdded?: number
    }
  }

  const filled = (text: string) => text.replaceAll('$C', conversation)

  function bodyOf({ aliases, document, variables, body, raw }: Input['request']): string {
    if (raw) return raw
    if (body) return JSON.stringify(body).replaceAll('$C', conversation)
    const query = aliases
      ? aliases.wrap.replace(
          '%s',
          Array.from({ length: aliases.times }, (_, n) => `${aliases.prefix}${n}: ${aliases.field}`).join(' '),
        )
      : document
    return JSON.stringify({ query: filled(query ?? ''), variables })
  }

  async function asked(request: Input['request']): Promise<Awaited<ReturnType<typeof sent>>> {
    const { headers } = request.as === 'stranger' ? eve : ada
    const more = {
      ...(request.origin && { origin: request.origin }),
      ...(request.type && { 'content-type': request.type }),
    }
    if (!request.get) {
      const accept = /^subscription/.test(request.document ?? '') ? 'text/event-stream' : 'application/json'
      return sent(bodyOf(request), { ...headers, accept, ...more })
    }
    const url = `${app.url}/graphql?query=${encodeURIComponent(filled(request.get))}`
    const response = await fetch(url, { headers: { ...headers, accept: 'application/json', ...more } })
    const text = await response.text()
    return { status: response.status, text, ...JSON.parse(text) }
  }

  test.each(readInputs<Input>('graphql').map((it) => [it.name, it] as const))('%s', async (_, { request, check }) => {
    const before = await messages()
    const answers = await Promise.all(Array.from({ length: request.times ?? 1 }, () => asked(request)))
    const { codes, data, orData, hasData, sameData, messagesAdded = 0, ...unknown } = check
    expect(unknown).toEqual({})
    for (const answer of answers) {
      expect(answer.status, answer.text).toBeLessThan(500)
      expect(answer.text).not.toMatch(/select .* from|violates|node_modules|ECONN/)
      const [error] = answer.errors ?? []
      if (codes && error) {
        expect(codes).toContain(error.extensions.code)
        expect(error.extensions.errorId).toMatch(/^[0-9a-f-]{36}$/)
        if (!orData) expect(JSON.stringify(answer.data ?? null)).toMatch(/^(null|\{"\w+":null\})$/)
      } else if (codes && !orData) throw new Error(`It was answered: ${answer.text}`)
      if (data) expect(answer.data).toEqual(data)
      if (orData && !error) expect(answer.data).toEqual(orData)
      if (hasData) expect(answer.data).toBeTruthy()
      if (sameData) expect(answer.data).toEqual(answers[0]?.data)
    }
    await vi.waitFor(async () => expect((await messages()) - before).toBe(messagesAdded), { timeout: 20_000 })
  })
})

describe('a cursor', () => {
  const connections = [
    'conversations(AT) { edges { cursor } }',
    'tasks(AT) { edges { cursor } }',
    'searchMessages(query: "x", AT) { edges { cursor } }',
    'conversation(id: "$C") { messages(AT) { edges { cursor } } }',
  ]

  async function refused(cursor: string, only = connections) {
    for (const connection of only)
      for (const at of connection.startsWith('search') ? ['after'] : ['after', 'before']) {
        const field = connection.replace('AT', `${at}: $cursor`).replace('$C', conversation)
        const answer = await sent(
          JSON.stringify({ query: `query ($cursor: String) { ${field} }`, variables: { cursor } }),
        )
        expect(
          answer.errors?.map(({ extensions }) => extensions.code),
          `${connection} ${at}`,
        ).toEqual(['BAD_USER_INPUT'])
      }
  }

  test.each(readInputs<{ name: string; cursor: string }>('cursors').map((it) => [it.name, it.cursor] as const))(
    'of %s',
    async (_, after) => {
      await refused(after)
      for (const body of [
        { type: 'threads.list', params: { after } },
        { type: 'items.list', params: { thread_id: conversation, after } },
      ])
        expect([200, 400, 404], body.type).toContain((await ada.chatkit(body)).status)
    },
  )

  const task = (user: User, title: string) =>
    user.mutate<{ createTask: { task: { id: string } } }>(
      `mutation { createTask(input: { title: "${title}" }) { task { id } } }`,
    )
  const tasks = (user: User, args = '') =>
    user.query<{ tasks: { edges: { cursor: string; node: { id: string; title: string } }[] } }>(
      `{ tasks${args} { edges { cursor node { id title } } } }`,
    )

  test('of a row of somebody else is like one that nobody ever gave', async () => {
    await task(eve, 'hers')
    for (const title of ['one', 'two']) await task(ada, title)
    const cursor = (await tasks(eve)).tasks.edges[0]?.cursor
    const titles = async (after?: string) =>
      (await tasks(ada, `(after: "${after}")`)).tasks.edges.map(({ node }) => node.title)
    for (const title of await titles(cursor)) expect(['one', 'two']).toContain(title)
  })

  test('of a row that is gone: paging goes on behind its place', async () => {
    for (const title of ['three', 'four', 'five']) await task(ada, title)
    const { edges } = (await tasks(ada)).tasks
    const [, gone] = edges
    await ada.mutate(`mutation { deleteTask(input: { taskId: "${gone?.node.id}" }) { deletedId } }`)
    const rest = await tasks(ada, `(after: "${gone?.cursor}")`)
    expect(rest.tasks.edges.map(({ node }) => node.id)).toEqual(edges.slice(2).map(({ node }) => node.id))
  })

  test('of another connection is none', async () => {
    const cursor = (
      await ada.query<{ conversations: { edges: { cursor: string }[] } }>('{ conversations { edges { cursor } } }')
    ).conversations.edges[0]?.cursor
    await refused(cursor ?? '', connections.slice(1))
  })

  test.each([
    [200, `timestamptz '2026-01-01 00:00:00.123+00' + (n || ' microseconds')::interval`],
    [30, `timestamptz '2026-01-01 00:00:00+00'`],
  ])('in %i rows of the same moment: each exactly once, whatever the size of a page', async (rows, at) => {
    const person = await app.user('pager')
    const [owner] = await app.database.orm.em.fork().execute('select id from auth_user where email = ?', [person.email])
    const ids = Array.from({ length: rows }, () => randomUUID())
    await app.database.units.asSystem().execute(
      `insert into conversation (id, user_id, title, created_at, updated_at)
       select id::uuid, ?, 'one of many', ${at}, ${at} from jsonb_array_elements_text(?::jsonb) with ordinality as it (id, n)`,
      [owner?.id, JSON.stringify(ids)],
    )
    for (const size of rows === 200 ? [7, 99, 100] : [1, 4, 30])
      for (const [way, from, more] of [
        ['first', 'after', 'hasNextPage'],
        ['last', 'before', 'hasPreviousPage'],
      ] as const) {
        const seen: string[] = []
        for (let cursor: string | undefined, goesOn = true; goesOn; ) {
          type Page = {
            conversations: { edges: { cursor: string; node: { id: string } }[]; pageInfo: Record<string, boolean> }
          }
          const { conversations } = await person.query<Page>(
            `{ conversations(${way}: ${size}${cursor ? `, ${from}: "${cursor}"` : ''}) { edges { cursor node { id } } pageInfo { ${more} } } }`,
          )
          seen.push(...conversations.edges.map(({ node }) => node.id))
          cursor = conversations.edges.at(way === 'first' ? -1 : 0)?.cursor
          goesOn = conversations.pageInfo[more] === true
          expect(seen.length).toBeLessThanOrEqual(rows)
        }
        expect(new Set(seen).size, `${way}: ${size}`).toBe(rows)
      }
  })
})

describe('a token', () => {
  type Keys = Record<'current' | 'fresh' | 'replaced' | 'over', { kid: string; key: CryptoKey; jwk: JWK }>
  let keys: Keys
  let mine: { sub: string; sid: string }

  beforeAll(async () => {
    // Before there are keys that our own server could take for its newest.
    const { sub, sid } = JSON.parse(Buffer.from((await ada.token()).split('.')[1] ?? '', 'base64url').toString())
    mine = { sub, sid }
    const past = (minutes: number) => new Date(Date.now() - minutes * 60_000)
    keys = {
      current: await made(null),
      fresh: await made(null),
      replaced: await made(past(5)),
      over: await made(past(120)),
    }
  })

  /** A key of ours whose private half the test has: so each rule is tried with a signature that is right. */
  async function made(expiresAt: Date | null) {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
    const jwk = await exportJWK(publicKey)
    const [row] = await app.database.orm.em
      .fork()
      .execute(
        `insert into auth_jwks ("publicKey", "privateKey", "createdAt", "expiresAt", alg, crv) values (?, '', ?, ?, 'EdDSA', 'Ed25519') returning id`,
        [JSON.stringify(jwk), new Date(0), expiresAt],
      )
    return { kid: String(row?.id), key: privateKey, jwk }
  }

  type Token = {
    header?: { alg: string }
    signature?: 'none' | 'pem' | 'der' | 'jwk'
    /** Seconds from now. */
    claims?: Record<string, number>
    /** The same, as text. */
    text?: Record<string, number>
    plain?: JWTPayload
    key?: keyof Keys
  }

  async function signed({
    header,
    signature,
    claims = {},
    text = {},
    plain,
    key: which = 'current',
  }: Token): Promise<string> {
    const { kid, key, jwk } = keys[which]
    const now = Math.floor(Date.now() / 1_000)
    const inSeconds = (all: object, as: (n: number) => unknown) =>
      Object.fromEntries(Object.entries(all).map(([name, seconds]) => [name, as(now + Number(seconds))]))
    const payload = {
      ...{ iss: app.url, aud: app.url, iat: now, exp: now + 600, ...mine, ...plain },
      ...inSeconds(claims, (n) => n),
      ...inSeconds(text, String),
    }
    if (!signature && Object.keys(text).length === 0)
      return new SignJWT(payload as JWTPayload).setProtectedHeader({ alg: 'EdDSA', kid }).sign(key)
    const parts = [{ alg: 'EdDSA', kid, ...header }, payload].map((it) =>
      Buffer.from(JSON.stringify(it)).toString('base64url'),
    )
    if (signature === 'none') return `${parts.join('.')}.`
    if (!signature) {
      const bytes = await crypto.subtle.sign('Ed25519', key, new TextEncoder().encode(parts.join('.')))
      return [...parts, Buffer.from(bytes).toString('base64url')].join('.')
    }
    const open = createPublicKey({ key: jwk, format: 'jwk' })
    const secret = {
      pem: () => open.export({ type: 'spki', format: 'pem' }),
      der: () => open.export({ type: 'spki', format: 'der' }),
      jwk: () => JSON.stringify(jwk),
    }[signature]()
    return [...parts, createHmac('sha256', secret).update(parts.join('.')).digest('base64url')].join('.')
  }

  /** At every door that takes one. */
  async function isAccepted(headers: Headers, search = ''): Promise<boolean> {
    const ask = (path: string, body: object, accept: string) =>
      fetch(`${app.url}${path}${search}`, {
        method: 'POST',
        headers: { ...json, accept, ...headers },
        body: JSON.stringify(body),
      })
    const answers = await Promise.all([
      ask('/graphql', { query: '{ viewer { email } }' }, 'application/json'),
      ask('/graphql', { query: 'subscription { viewerEvents { __typename } }' }, 'text/event-stream'),
      ask('/chatkit', { type: 'threads.list', params: {} }, '*/*'),
    ])
    const [query, stream, chatkit] = answers.map(({ status }) => status)
    await stream
    const told = await Promise.all([answers[0]?.text(), answers[2]?.text()])
    await answers[1]?.body?.cancel()
    if (query !== 200) expect(told.join()).not.toContain(ada.email)
    expect([stream, chatkit], 'all doors judge alike').toEqual([query, query])
    expect([200, 400, 401]).toContain(query)
    return query === 200
  }

  type Input = { name: string; token: Token; accepted: boolean }

  test.each(readInputs<Input>('tokens').map((it) => [it.name, it] as const))('%s', async (_, { token, accepted }) => {
    expect(await isAccepted({ authorization: `Bearer ${await signed(token)}` })).toBe(accepted)
  })

  type Transport = { name: string; headers: Headers; accepted: boolean }

  test.each(readInputs<Transport>('transports').map((it) => [it.name, it] as const))(
    'that comes by %s',
    async (_, { headers: { url, ...headers }, accepted }) => {
      const good = await signed({})
      const filled = Object.entries(headers).map(([name, value]) => [name, value.replaceAll('$T', good)] as const)
      const search = url ? `?access_token=${good}&token=${good}` : ''
      expect(await isAccepted(Object.fromEntries(filled), search)).toBe(accepted)
    },
  )
})
