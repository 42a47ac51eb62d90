import { afterEach, describe, expect, test, vi } from 'vitest'
import { internalId } from '../api/ids.ts'
import { startApp, type TestApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { apiKey, bearer, keyOf } from './support/key.ts'
import { mcpSession, postMcp } from './support/mcp.ts'
import { pause, says, startProvider } from './support/scripted-provider.ts'
import type { User } from './support/user.ts'

afterEach(() => {
  vi.useRealTimers()
})

const all = ['conversations:read', 'conversations:write', 'runs:write', 'tasks:read']

/** How somebody comes in, and how that comes to an end. */
type Way = (app: TestApp, ada: User) => Promise<{ headers: Record<string, string>; end(): Promise<unknown> }>

const ways: Record<string, Way> = {
  'a key that is revoked': async (_, ada) => {
    const { key, id } = await keyOf(ada, all)
    const revoke = `mutation { revokeApiKey(input: { apiKeyId: "${id}" }) { revokedId } }`
    return { headers: apiKey(key), end: () => ada.mutate(revoke) }
  },
  'a cookie that is signed out': async (app, ada) => {
    const other = await app.again(ada)
    return { headers: other.headers, end: () => other.signsOut() }
  },
  'a token whose session is signed out': async (app, ada) => {
    const other = await app.again(ada)
    return { headers: bearer(await other.token()), end: () => other.signsOut() }
  },
  'a token whose time is over': async (app, ada) => {
    const other = await app.again(ada)
    return { headers: bearer(await other.token()), end: async () => vi.setSystemTime(Date.now() + 16 * 60_000) }
  },
  'a key whose time is over': async ({ database }, ada) => {
    const { key, id } = await keyOf(ada, all)
    // Before it is used, so that nobody remembers it otherwise.
    const soon = new Date(Date.now() + 60_000)
    await database.units
      .asSystem()
      .execute('update api_key set expires_at = ? where id = ?', [soon, internalId('key', id)])
    return { headers: apiKey(key), end: async () => vi.setSystemTime(soon.getTime() + 1) }
  },
  'an account that is deleted': async (_, ada) => ({
    headers: ada.headers,
    end: async () => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' } }
      const body = JSON.stringify({ password: 'correct horse battery staple' })
      expect((await ada.request('/api/auth/delete-user', { ...init, body })).status).toBe(200)
    },
  }),
}

async function tokenOf(app: TestApp, headers: Record<string, string>): Promise<Record<string, string>> {
  const response = await fetch(`${app.url}/api/auth/token`, { headers })
  return bearer((await response.json()).token)
}

const post = (app: TestApp, path: string, headers: Record<string, string>, body: object) =>
  fetch(`${app.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify(body),
  })

describe.each(Object.entries(ways))('%s', (name, way) => {
  async function start() {
    const provider = await startProvider()
    cleanUp(() => provider.close())
    provider.always(says('one two', pause))
    const app = await startApp({ provider })
    const ada = await app.user('ada')
    return { app, ada, provider, ...(await way(app, ada)) }
  }

  test.each([
    ['viewerEvents', () => 'subscription { viewerEvents { __typename } }'],
    [
      'conversationEvents',
      (id: string) => `subscription { conversationEvents(conversationId: "${id}") { __typename } }`,
    ],
  ])('ends %s within a minute, with the reason', async (_, query) => {
    const { app, ada, headers, end } = await start()
    const { conversation, run } = await ada.asks('hello')
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
    const response = await post(app, '/graphql', headers, { query: query(conversation.id) })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const text = response.text()
    await end()
    await vi.advanceTimersByTimeAsync(60_000)
    const told = await text
    expect(told).toContain('"SESSION_EXPIRED"')
    expect(told).toMatch(/event: complete\n/)
    vi.useRealTimers()
    if (name !== 'an account that is deleted') await ada.stops(run)
  })

  test('ends the stream of MCP within a minute', async () => {
    const { app, headers, end } = await start()
    // There a cookie is no credential: who has none but that comes with a token.
    const credential = headers.cookie === undefined ? headers : await tokenOf(app, headers)
    const { id } = await mcpSession(app.url, credential)
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
    const news = { ...credential, accept: 'text/event-stream', 'mcp-session-id': id }
    const stream = await fetch(`${app.url}/mcp`, { headers: news })
    expect(stream.status).toBe(200)
    const over = stream.text()
    await end()
    await vi.advanceTimersByTimeAsync(60_000)
    await over
    expect((await postMcp(app.url, credential, { id: 9, method: 'tools/list', params: {} }, id)).status).toBe(401)
    vi.useRealTimers()
  })

  test('ends the stream of ChatKit within a minute, not the answer', async () => {
    const { app, ada, provider, headers, end } = await start()
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
    const input = { content: [{ type: 'input_text', text: 'hello' }], attachments: [], inference_options: {} }
    const response = await post(app, '/chatkit', headers, { type: 'threads.create', params: { input } })
    expect(response.status).toBe(200)
    const text = response.text()
    await provider.paused()
    await end()
    await vi.advanceTimersByTimeAsync(60_000)
    const told = await text
    vi.useRealTimers()
    // With its person an answer ends, too: there is nothing that goes on unseen.
    if (name === 'an account that is deleted') return await provider.requests.at(-1)?.hungUp
    expect(told).toContain('"type":"error"')
    const run = response.headers.get('x-parley-run') ?? ''
    const status = await ada.query('query ($id: ID!) { node(id: $id) { ... on Run { status } } }', { id: run })
    expect(status).toEqual({ node: { status: 'RUNNING' } })
    await ada.stops(run)
  })
})
