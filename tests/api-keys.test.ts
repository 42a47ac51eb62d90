import { beforeAll, describe, expect, test } from 'vitest'
import { scopes } from '../api/auth/viewer.ts'
import { startApp, type TestApp } from './support/app.ts'
import { bearer, keyOf } from './support/key.ts'
import type { User } from './support/user.ts'

let app: TestApp
let ada: User

beforeAll(async () => {
  app = await startApp()
  ada = await app.user()
})

type Told = { message: string; extensions: { code: string; requiredScope?: string; limit?: number; actual?: number } }
type Answer = { status: number; data: Record<string, unknown> | null; codes: string[]; errors: Told[] }

async function asked(query: string, headers: Record<string, string>, variables: object = {}): Promise<Answer> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  })
  const { data = null, errors = [] }: { data?: Record<string, unknown> | null; errors?: Told[] } = await response.json()
  return { status: response.status, data, errors, codes: errors.map((it) => it.extensions.code) }
}

const viewer = '{ viewer { email scopes } }'

describe('a key', () => {
  test('speaks for the person who made it, in both headers, with its own scopes', async () => {
    const { key, start } = await keyOf(ada, ['tasks:read', 'conversations:read'])
    expect(key).toMatch(/^parley_[A-Za-z0-9_-]{65}$/)
    expect(key.startsWith(start)).toBe(true)
    const known = { viewer: { email: ada.email, scopes: ['conversations:read', 'tasks:read'] } }
    for (const headers of [bearer(key), { 'x-api-key': key }])
      expect(await asked(viewer, headers)).toMatchObject({ status: 200, data: known, codes: [] })
  })

  test('is stored as a hash alone', async () => {
    const { key } = await keyOf(ada, ['tasks:read'])
    const rows = await app.database.units.asSystem().execute('select * from api_key')
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toContain(key.slice(13))
  })

  test('is seen in the list, with its last use', async () => {
    const grace = await app.user('grace')
    const { key, id } = await keyOf(grace, ['tasks:read'], { name: ' Backup ', expiresInDays: 1 })
    const list = '{ viewer { apiKeys { id name start scopes createdAt expiresAt lastUsedAt } } }'
    type Listed = { viewer: { apiKeys: { lastUsedAt: string | null; createdAt: string; expiresAt: string }[] } }
    const before = await grace.query<Listed>(list)
    expect(before.viewer.apiKeys).toMatchObject([
      { id, name: 'Backup', start: key.slice(0, 13), scopes: ['tasks:read'], lastUsedAt: null },
    ])
    const [made] = before.viewer.apiKeys
    expect(Date.parse(made?.expiresAt ?? '') - Date.parse(made?.createdAt ?? '')).toBeCloseTo(86_400_000, -4)
    await asked(viewer, bearer(key))
    await asked(viewer, bearer(key))
    const after = await grace.query<Listed>(list)
    expect(Date.now() - Date.parse(after.viewer.apiKeys[0]?.lastUsedAt ?? '')).toBeLessThan(30_000)
    expect(await grace.query('query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual({ node: { id } })
  })

  test('lasts 90 days unless something else is said', async () => {
    const { expiresAt } = await keyOf(ada, ['tasks:read'])
    expect(Date.parse(expiresAt) - Date.now()).toBeCloseTo(90 * 86_400_000, -5)
  })

  test('opens nothing when it is revoked, and its repeat says nothing else', async () => {
    const { key, id } = await keyOf(ada, ['tasks:read'])
    expect((await asked(viewer, bearer(key))).status).toBe(200)
    await ada.mutate('mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) { revokedId } }', { id })
    expect(await asked(viewer, bearer(key))).toMatchObject({ status: 401, codes: ['UNAUTHENTICATED'] })
    const again = ada.mutate('mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) { revokedId } }', { id })
    await expect(again).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('opens nothing when its time is over', async () => {
    const { key } = await keyOf(ada, ['tasks:read'])
    await app.database.units
      .asSystem()
      .execute(`update api_key set expires_at = now() where start = ?`, [key.slice(0, 13)])
    expect(await asked(viewer, bearer(key))).toMatchObject({ status: 401, codes: ['UNAUTHENTICATED'] })
  })

  test.each<[string, (key: string) => Record<string, string>]>([
    ['cut short', (key) => bearer(key.slice(0, -1))],
    ['with another secret', (key) => bearer(`parley_${'A'.repeat(43)}${key.slice(50)}`)],
    ['of another owner', (key) => bearer(`${key.slice(0, 50)}${'A'.repeat(22)}`)],
    ['as a password', (key) => ({ authorization: `Basic ${btoa(`x:${key}`)}` })],
    ['with words behind', (key) => bearer(`${key} x`)],
    ['that is a token, in the header of keys', () => ({ 'x-api-key': 'eyJhbGciOiJFZERTQSJ9.e30.x' })],
    ['that is empty', () => ({ 'x-api-key': '' })],
  ])('%s opens nothing', async (_, headers) => {
    const { key } = await keyOf(ada, ['tasks:read'])
    expect(await asked(viewer, headers(key))).toMatchObject({ status: 401, codes: ['UNAUTHENTICATED'] })
  })

  test('in two headers is refused, and not chosen from', async () => {
    const { key } = await keyOf(ada, ['tasks:read'])
    const both = { ...bearer(key), 'x-api-key': key }
    expect(await asked(viewer, both)).toMatchObject({ status: 400, codes: ['BAD_USER_INPUT'] })
  })

  test('wins over the cookie', async () => {
    const grace = await app.user('grace')
    const { key } = await keyOf(grace, ['tasks:read'])
    expect(await asked(viewer, { ...ada.headers, ...bearer(key) })).toMatchObject({
      data: { viewer: { email: grace.email } },
    })
    expect(await asked(viewer, { ...ada.headers, ...bearer('parley_wrong') })).toMatchObject({ status: 401 })
  })

  test('is no way to the account: the routes of sign-in do not take it', async () => {
    const { key } = await keyOf(ada, scopes)
    for (const headers of [bearer(key), { 'x-api-key': key }]) {
      expect((await fetch(`${app.url}/api/auth/token`, { headers })).status).toBe(401)
      const session = await fetch(`${app.url}/api/auth/get-session`, { headers })
      expect(await session.json()).toBeNull()
    }
  })
})

describe('keys among themselves', () => {
  test('neither see keys nor make or revoke them', async () => {
    const { key, id } = await keyOf(ada, scopes)
    const seen = await asked('{ viewer { email apiKeys { id } } }', bearer(key))
    expect(seen).toMatchObject({
      status: 200,
      data: { viewer: { email: ada.email, apiKeys: null } },
      codes: ['FORBIDDEN'],
    })
    const node = await asked('query ($id: ID!) { node(id: $id) { id } }', bearer(key), { id })
    expect(node).toMatchObject({ data: { node: null }, codes: ['FORBIDDEN'] })
    for (const mutation of [
      'createApiKey(input: { name: "x", scopes: ["tasks:read"] }) { key }',
      `revokeApiKey(input: { apiKeyId: "${id}" }) { revokedId }`,
    ]) {
      const refused = await asked(`mutation { ${mutation} }`, bearer(key))
      expect(refused).toMatchObject({ status: 200, codes: ['FORBIDDEN'] })
    }
    expect((await asked(viewer, bearer(key))).status).toBe(200)
  })

  test('made twice with one idempotency key are one, told once', async () => {
    const idempotencyKey = 'the-only-one'
    const first = await keyOf(ada, ['tasks:read'], { idempotencyKey })
    const again = await keyOf(ada, ['tasks:read'], { idempotencyKey })
    expect(again).toEqual({ ...first, key: '' })
    await expect(keyOf(ada, ['tasks:write'], { idempotencyKey })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    })
  })

  test('are twenty at most, also when many are made at once', async () => {
    const many = await app.user('many')
    const made = await Promise.allSettled(Array.from({ length: 22 }, () => keyOf(many, ['tasks:read'])))
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(20)
    const refused = await asked(
      'mutation { createApiKey(input: { name: "x", scopes: ["tasks:read"] }) { key } }',
      many.headers,
    )
    expect(refused).toMatchObject({
      codes: ['QUOTA_EXCEEDED'],
      errors: [{ extensions: { limitName: 'apiKeysPerUser', limit: 20, actual: 21 } }],
    })
  })

  test.each<[string, object, string]>([
    ['without a name', { name: '  ' }, 'name'],
    ['with a long name', { name: 'x'.repeat(101) }, 'name'],
    ['with a NUL', { name: 'a\0b' }, 'name'],
    ['without scopes', { scopes: [] }, 'scopes'],
    ['with an unknown scope', { scopes: ['tasks:read', 'admin'] }, 'scopes'],
    ['for no day', { expiresInDays: 0 }, 'expiresInDays'],
    ['for longer than a year', { expiresInDays: 366 }, 'expiresInDays'],
  ])('%s are not made', async (_, more, member) => {
    const refused = keyOf(ada, ['tasks:read'], more)
    await expect(refused).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      errors: [{ extensions: { field: ['input', member] } }],
    })
  })
})

describe('scopes', () => {
  test('that are missing close a field and leave its neighbours', async () => {
    const { key } = await keyOf(ada, ['tasks:read'])
    const query = '{ tasks { totalCount } conversations { totalCount } viewer { email } }'
    const answer = await asked(query, bearer(key))
    expect(answer).toMatchObject({
      status: 200,
      data: { tasks: { totalCount: 0 }, conversations: null, viewer: { email: ada.email } },
      errors: [{ path: ['conversations'], extensions: { code: 'FORBIDDEN', requiredScope: 'conversations:read' } }],
    })
  })

  test('to write do not read what was said before', async () => {
    const asking = await ada.hears('What is 1 + 1?')
    const { key } = await keyOf(ada, ['conversations:write', 'runs:write'])
    const rename = `mutation ($id: ID!) { updateConversation(input: { conversationId: $id, pinned: true }) {
      conversation { title messages { edges { node { content } } } } } }`
    const answer = await asked(rename, bearer(key), { id: asking.conversation.id })
    expect(answer).toMatchObject({ codes: ['FORBIDDEN'], data: { updateConversation: null } })
    const say = `mutation ($id: ID!) { sendMessage(input: { conversationId: $id, content: "And 2 + 2?" }) {
      message { content } run { status conversation { title } } } }`
    expect(await asked(say, bearer(key), { id: asking.conversation.id })).toMatchObject({ codes: [] })
  })

  test('that are missing close a subscription before it opens', async () => {
    const { conversation } = await ada.hears('Hello')
    const { key } = await keyOf(ada, ['tasks:read', 'tasks:write', 'conversations:write', 'runs:write'])
    for (const field of [`conversationEvents(conversationId: "${conversation.id}")`, 'viewerEvents']) {
      const response = await fetch(`${app.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...bearer(key) },
        body: JSON.stringify({ query: `subscription { ${field} { __typename } }` }),
      })
      const text = await response.text()
      expect(text).toContain('"FORBIDDEN"')
      expect(text).not.toContain('__typename')
    }
  })

  test('hold at the door for ChatKit too', async () => {
    const { key } = await keyOf(ada, ['tasks:read'])
    const response = await fetch(`${app.url}/chatkit`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: JSON.stringify({ type: 'threads.list', params: {} }),
    })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { code: 'FORBIDDEN', requiredScope: 'conversations:read' } })
  })
})
