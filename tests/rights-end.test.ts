import { afterEach, describe, expect, test, vi } from 'vitest'
import { startApp, type TestApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { apiKey, bearer, keyOf } from './support/key.ts'
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
  'an account that is deleted': async (_, ada) => ({
    headers: ada.headers,
    end: async () => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' } }
      const body = JSON.stringify({ password: 'correct horse battery staple' })
      expect((await ada.request('/api/auth/delete-user', { ...init, body })).status).toBe(200)
    },
  }),
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
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
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

  test('ends the stream of ChatKit within a minute, not the answer', async () => {
    const { app, ada, provider, headers, end } = await start()
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
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
