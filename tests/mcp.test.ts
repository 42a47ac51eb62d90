import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { createAuth } from '../api/auth/auth.ts'
import { scopes } from '../api/auth/viewer.ts'
import { ProcessBell } from '../api/bell/bell.ts'
import { internalId } from '../api/ids.ts'
import { standardLimits } from '../api/limits.ts'
import { createMcpEndpoint } from '../api/mcp/endpoint.ts'
import { Sessions } from '../api/mcp/sessions.ts'
import { watchedStream } from '../api/mcp/watched-stream.ts'
import { startApp, type TestApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { openDatabase } from './support/databases.ts'
import { apiKey, bearer, keyOf } from './support/key.ts'
import { mcpSession, postMcp } from './support/mcp.ts'
import { storedUser } from './support/stored-user.ts'
import type { User } from './support/user.ts'

let app: TestApp
let ada: User
let token: string

beforeAll(async () => {
  app = await startApp()
  ada = await app.user('ada')
  token = await ada.token()
})

/** The SDK's own client, as programs use it. */
async function connected(headers: Record<string, string>, url = app.url) {
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } })
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(transport)
  cleanUp(() => client.close())
  return { client, transport, id: transport.sessionId ?? '' }
}

const list = { id: 7, method: 'tools/list', params: {} }
const hello = {
  ...{ id: 1, method: 'initialize' },
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
}
const listed = JSON.stringify({ jsonrpc: '2.0', ...list })
const asJson = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

describe('an MCP client', () => {
  test('lists tools and calls them, as the person whose token it has', async () => {
    const { client } = await connected(bearer(token))
    expect(client.getServerVersion()).toMatchObject({ name: 'parley', title: 'Parley' })
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual([
      ...['add_task', 'list_tasks', 'update_task', 'complete_task', 'delete_task'],
      ...['search_conversations', 'read_conversation'],
    ])
    const added = await client.callTool({ name: 'add_task', arguments: { title: 'buy oat milk' } })
    expect(added).toMatchObject({ structuredContent: { task: { title: 'buy oat milk', completed: false } } })
    const { tasks } = await ada.query<{ tasks: { edges: unknown[] } }>('{ tasks { edges { node { title } } } }')
    expect(tasks.edges).toContainEqual({ node: { title: 'buy oat milk' } })
  })

  test('reads conversations, as tools and as resources', async () => {
    const { conversation } = await ada.hears('Remind me to water the plants')
    const { client } = await connected(bearer(token))
    const found = await client.callTool({ name: 'search_conversations', arguments: { query: 'watering plants' } })
    expect(JSON.stringify(found.structuredContent)).toContain(`"conversation_id":"${conversation.id}"`)
    const { resources } = await client.listResources()
    const uri = `conversation://${conversation.id}`
    expect(resources).toContainEqual(expect.objectContaining({ uri, name: conversation.id, mimeType: 'text/markdown' }))
    const { resourceTemplates } = await client.listResourceTemplates()
    expect(resourceTemplates).toMatchObject([{ uriTemplate: 'conversation://{id}' }])
    const { contents } = await client.readResource({ uri })
    expect(contents).toMatchObject([{ uri, mimeType: 'text/markdown' }])
    expect(JSON.stringify(contents)).toContain('Remind me to water the plants')
  })

  test('does not read what is someone else’s, and hears the same as for what is not there', async () => {
    const { conversation } = await ada.hears('A secret of mine')
    const { client } = await connected(bearer(await (await app.user('eve')).token()))
    const errorOf = async (uri: string) => client.readResource({ uri }).catch((error: Error) => error.message)
    const none = await errorOf('conversation://conv_00000000000000000000000000')
    expect(none).toContain('There is no such conversation.')
    expect(await errorOf(`conversation://${conversation.id}`)).toBe(none)
    expect(await errorOf('conversation://nonsense')).toBe(none)
    expect((await client.listResources()).resources).toEqual([])
  })

  test('hears how far a call is', async () => {
    const { conversation } = await ada.hears('Hello')
    const { client } = await connected(bearer(token))
    const heard: unknown[] = []
    await client.callTool({ name: 'read_conversation', arguments: { conversation_id: conversation.id } }, undefined, {
      onprogress: (it) => heard.push(it),
    })
    expect(heard).toEqual([{ progress: expect.any(Number), total: expect.any(Number) }])
  })

  test('with a key has the tools that the key allows', async () => {
    const named = async (...scopes: string[]) => {
      const { client } = await connected(apiKey((await keyOf(ada, scopes)).key))
      return (await client.listTools()).tools.map(({ name }) => name)
    }
    expect(await named('tasks:read')).toEqual(['list_tasks'])
    expect(await named('tasks:write')).toEqual(['add_task', 'update_task', 'complete_task', 'delete_task'])
    expect(await named('conversations:read')).toEqual(['search_conversations', 'read_conversation'])
    expect(await named('runs:write')).toEqual([])
  })
})

describe('a session', () => {
  test('is the user’s alone: to others it is as unknown as any', async () => {
    const adas = await mcpSession(app.url, bearer(token))
    const eve = bearer(await (await app.user('eve')).token())
    const answers = await Promise.all(
      [adas.id, 'unknown', `${adas.id}x`, ''].map(async (id) => {
        const response = await fetch(`${app.url}/mcp`, {
          method: 'POST',
          headers: { ...eve, 'content-type': 'application/json', 'mcp-session-id': id },
          body: JSON.stringify({ jsonrpc: '2.0', ...list }),
        })
        const { error } = await response.json()
        return [response.status, error.message, error.data.code]
      }),
    )
    for (const answer of answers) expect(answer).toEqual([404, 'There is no such session.', 'NOT_FOUND'])
    for (const method of ['GET', 'DELETE'])
      expect((await fetch(`${app.url}/mcp`, { method, headers: { ...eve, 'mcp-session-id': adas.id } })).status).toBe(
        404,
      )
    expect((await adas.tools()).length).toBe(7)
  })

  test('does not lend its rights to a credential that has fewer', async () => {
    const { id } = await mcpSession(app.url, bearer(token))
    const { key } = await keyOf(ada, ['tasks:read'])
    expect((await postMcp(app.url, bearer(key), list, id)).status).toBe(404)
  })

  test('can be ended by its client', async () => {
    const { client, transport, id } = await connected(bearer(token))
    await transport.terminateSession()
    expect((await postMcp(app.url, bearer(token), list, id)).status).toBe(404)
    await client.close()
  })

  test('has an id that cannot be guessed', async () => {
    const ids = await Promise.all([1, 2].map(async () => (await mcpSession(app.url, bearer(token))).id))
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(ids[0]).not.toBe(ids[1])
  })

  test('gives each their own answers, though two ask at once under the same numbers', async () => {
    const people = await Promise.all(['one', 'two', 'three'].map((name) => app.user(name)))
    const sessions = await Promise.all(people.map(async (it) => mcpSession(app.url, bearer(await it.token()))))
    await Promise.all(sessions.map((it, at) => it.call('add_task', { title: `of ${at}` })))
    for (let round = 0; round < 5; round++) {
      const lists = await Promise.all(sessions.map((it) => it.call('list_tasks', {})))
      expect(lists.map((it) => JSON.stringify(it.structuredContent).match(/of \d/g))).toEqual([
        ['of 0'],
        ['of 1'],
        ['of 2'],
      ])
    }
  })

  test('is one of ten that a person has in use; one that nobody uses makes room', async () => {
    const grace = bearer(await (await app.user('grace')).token())
    const first = await mcpSession(app.url, grace)
    const used = await Promise.all(Array.from({ length: 9 }, () => connected(grace)))
    const listening = async (id: string) => {
      const leave = new AbortController()
      cleanUp(() => leave.abort())
      const headers = { ...grace, accept: 'text/event-stream', 'mcp-session-id': id }
      const response = await fetch(`${app.url}/mcp`, { headers, signal: leave.signal })
      // The client of the SDK listens too: then this one is one too many.
      expect([200, 409]).toContain(response.status)
      return leave
    }
    await Promise.all(used.map(({ id }) => listening(id)))
    const eleventh = await mcpSession(app.url, grace)
    expect((await postMcp(app.url, grace, list, first.id)).status).toBe(404)
    const leave = await listening(eleventh.id)
    const refused = await postMcp(app.url, grace, hello)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60'])
    expect(await refused.json()).toMatchObject({ error: { data: { code: 'RATE_LIMITED', limit: 10 } } })
    leave.abort()
    await expect
      .poll(
        () =>
          mcpSession(app.url, grace).then(
            () => true,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true)
  })
})

describe('who is not let in', () => {
  const refusal = async (headers: Record<string, string>) => {
    const response = await postMcp(app.url, headers, list)
    return { status: response.status, header: response.headers.get('www-authenticate'), body: await response.json() }
  }

  test('is told where to learn how to sign in', async () => {
    const cookie = { cookie: ada.headers.cookie, origin: app.url }
    for (const headers of [{}, bearer('nonsense'), bearer(`${token}x`), apiKey('parley_x'), cookie]) {
      const { status, header, body } = await refusal(headers)
      expect(status).toBe(401)
      expect(header).toBe(`Bearer resource_metadata="${app.url}/.well-known/oauth-protected-resource/mcp"`)
      expect(body).toMatchObject({ jsonrpc: '2.0', id: null, error: { data: { code: 'UNAUTHENTICATED' } } })
    }
    expect((await fetch(`${app.url}/mcp`)).status).toBe(401)
  })

  test.each(['', '/mcp'])('reads the metadata at the well-known path%s', async (path) => {
    const response = await fetch(`${app.url}/.well-known/oauth-protected-resource${path}`)
    const metadata = await response.json()
    expect(metadata).toEqual({
      resource: `${app.url}${path}`,
      ...{ resource_name: 'Parley', scopes_supported: scopes, bearer_methods_supported: ['header'] },
    })
    expect(metadata).not.toHaveProperty('authorization_servers')
  })

  test('is a page of another site, and another name of this machine', async () => {
    const ask = (headers: Record<string, string>) =>
      new Promise<number>((resolve, reject) => {
        const { port } = new URL(app.url)
        const asked = httpRequest({ port, host: '127.0.0.1', path: '/mcp', method: 'POST', headers }, (response) => {
          readText(response).then(() => resolve(response.statusCode ?? 0), reject)
        })
        asked.on('error', reject).end(listed)
      })
    const { host } = new URL(app.url)
    const good = { host, ...asJson, ...bearer(token) }
    expect(await ask({ ...good, host: 'evil.example' })).toBe(421)
    expect(await ask({ ...good, origin: 'http://evil.example' })).toBe(403)
    expect(await ask({ ...good, origin: 'null' })).toBe(403)
    expect(await ask({ ...good, origin: app.url })).toBe(400) // let in: but this is no beginning of a session
    expect(await ask(good)).toBe(400)
  })

  test('gives two credentials', async () => {
    expect(await refusal({ ...bearer(token), ...apiKey('parley_x') })).toMatchObject({ status: 400 })
  })

  test.each([
    ['PUT', { 'mcp-session-id': 'mine' }, '', 405],
    ['POST', {}, '{', 400],
    ['POST', { 'content-type': 'text/plain' }, '{}', 415],
    ['POST', { accept: 'application/json' }, '{}', 406],
    ['POST', {}, 'x'.repeat(1_048_577), 413],
    ['GET', {}, null, 400],
  ])('asks with %s %o', async (method, more, body, status) => {
    const { id } = await mcpSession(app.url, bearer(token))
    const headers: Record<string, string> = {
      ...{ ...asJson, ...bearer(token) },
      ...more,
    }
    if (headers['mcp-session-id']) headers['mcp-session-id'] = id
    expect((await fetch(`${app.url}/mcp`, { method, headers, body })).status).toBe(status)
  })
})

test('a list of messages is refused, in a session and before one: it would count as one request', async () => {
  const headers = { ...asJson, ...bearer(token) }
  const { id, tools } = await mcpSession(app.url, bearer(token))
  const inSession = { ...headers, 'mcp-session-id': id }
  const refused = async (headers: Record<string, string>, body: string) => {
    const response = await fetch(`${app.url}/mcp`, { method: 'POST', headers, body })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      ...{ jsonrpc: '2.0', id: null },
      error: { message: expect.stringMatching(/^A list of messages/), data: { code: 'BAD_USER_INPUT' } },
    })
  }
  for (const body of [`[${listed},${listed}]`, ` \n\t[${listed}]`, '[]']) await refused(inSession, body)
  await refused(headers, `[${JSON.stringify({ jsonrpc: '2.0', ...hello })}]`)
  expect((await tools()).length).toBe(7)
})

describe('a token for another server', () => {
  test('is good there and nowhere else', async () => {
    const { database } = app
    const auth = await createAuth({ ...app.config, dataDir: database.config.dataDir }, database.orm.em, database.units)
    const { viewer } = await ada.query<{ viewer: { id: string } }>('{ viewer { id } }')
    const { token: minted, expiresAt } = await auth.mintFor('https://crm.example/mcp', internalId('user', viewer.id))
    const keys: JSONWebKeySet = await (await fetch(`${app.url}/api/auth/jwks`)).json()
    const rules = { audience: 'https://crm.example/mcp', issuer: app.url, algorithms: ['EdDSA'] }
    const { payload } = await jwtVerify(minted, createLocalJWKSet(keys), rules)
    expect(payload).toEqual({
      ...{ iss: app.url, aud: 'https://crm.example/mcp', sub: viewer.id, jti: expect.any(String) },
      ...{ iat: expect.any(Number), exp: expiresAt.getTime() / 1_000 },
    })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300)
    expect((await postMcp(app.url, bearer(minted), list)).status).toBe(401)
    expect((await fetch(`${app.url}/graphql?query={viewer{id}}`, { headers: bearer(minted) })).status).toBe(401)
    await expect(auth.mintFor(app.url, null)).rejects.toThrow('must not be good here')
  })
})

describe('the endpoint itself', async () => {
  const { units, ...database } = await openDatabase()

  /** The door in front of units of work that wait until they are let go. */
  async function door(limits: Partial<typeof standardLimits> = {}) {
    const viewer = await storedUser(database, 'ada')
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const endpoint = createMcpEndpoint({
      ...{ units: { ...units, as: slow }, bell: new ProcessBell(), limits: { ...standardLimits, ...limits } },
      ...{ url: 'http://parley.test', authenticate: async () => viewer, stillSignedIn: async () => true },
      ...{ origins: () => true, checkSpace: () => {} },
    })
    cleanUp(() => endpoint.close())
    function slow(it: { id: string }) {
      const em = units.as(it)
      const find = em.find.bind(em)
      em.find = (async (...args: Parameters<typeof find>) => {
        begun.resolve()
        await gate.promise
        return find(...args)
      }) as typeof em.find
      return em
    }
    const client = new Client({ name: 'test', version: '1' })
    /** What each answer to a call had in it by the end. */
    const answers: Promise<string>[] = []
    const transport = new StreamableHTTPClientTransport(new URL('http://parley.test/mcp'), {
      fetch: async (url, init) => {
        const response = await endpoint.fetch(new Request(url, init))
        if (String(init?.body).includes('tools/call')) answers.push(response.clone().text())
        return response
      },
    })
    await client.connect(transport)
    return { endpoint, client, gate, answers, begun: begun.promise }
  }

  test('hears that a call is cancelled, and answers it no more', async () => {
    const { endpoint, client, gate, answers, begun } = await door()
    const stop = new AbortController()
    const call = client.callTool({ name: 'list_tasks', arguments: {} }, undefined, { signal: stop.signal })
    await begun
    stop.abort('enough')
    await expect(call).rejects.toThrow('enough')
    gate.resolve()
    expect(await client.callTool({ name: 'list_tasks', arguments: {} })).toMatchObject({ structuredContent: {} })
    await endpoint.close()
    const [cancelled, answered] = await Promise.all(answers)
    expect([cancelled?.includes('"result"'), answered?.includes('"result"')]).toEqual([false, true])
  })

  test('ends sessions that nobody uses', async () => {
    const { endpoint } = await door({ mcpIdleMinutes: 0.002 })
    const ask = async (message: object, session?: string) => {
      const headers = { ...asJson, ...(session && { 'mcp-session-id': session }) }
      const body = JSON.stringify({ jsonrpc: '2.0', ...message })
      const response = await endpoint.fetch(new Request('http://parley.test/mcp', { method: 'POST', headers, body }))
      await response.text()
      return response
    }
    const id = (await ask(hello)).headers.get('mcp-session-id') ?? ''
    expect((await ask(list, id)).status).toBe(200)
    // Asking is using: so it is not asked all the time.
    await expect.poll(async () => (await ask(list, id)).status, { timeout: 20_000, interval: 500 }).toBe(404)
  })

  test('ends a session minutes after its last use, and not before', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
    cleanUp(() => vi.useRealTimers())
    const viewer = { id: 'ada', scopes }
    const sessions = new Sessions<string>(standardLimits, async () => {})
    const [quiet, busy] = [sessions.add('quiet', viewer, ''), sessions.add('busy', viewer, '')]
    busy.busy = 1
    const idleMs = standardLimits.mcpIdleMinutes * 60_000
    vi.advanceTimersByTime(idleMs)
    expect(sessions.find('quiet', viewer)).toBe(quiet)
    vi.advanceTimersByTime(15_000) // so often it looks
    expect(() => sessions.find('quiet', viewer)).toThrow('There is no such session.')
    expect(sessions.find('busy', viewer)).toBe(busy)
    await sessions.close()
  })

  test('ends a stream for news after so many minutes, and not before; its client opens another', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
    cleanUp(() => vi.useRealTimers())
    const { endpoint } = await door({ streamMinutes: 2 })
    const body = JSON.stringify({ jsonrpc: '2.0', ...hello })
    const made = await endpoint.fetch(new Request('http://parley.test/mcp', { method: 'POST', headers: asJson, body }))
    await made.text()
    const headers = { accept: 'text/event-stream', 'mcp-session-id': made.headers.get('mcp-session-id') ?? '' }
    const listens = () => endpoint.fetch(new Request('http://parley.test/mcp', { headers }))
    const stream = await listens()
    expect(stream.status).toBe(200)
    let over = false
    const read = stream.text().finally(() => {
      over = true
    })
    await vi.advanceTimersByTimeAsync(2 * 60_000 - 1)
    expect(over).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await read
    expect((await listens()).status).toBe(200)
  })

  test('takes nobody in any more when it closes', async () => {
    const { endpoint, client } = await door()
    await endpoint.close()
    await expect(client.listTools()).rejects.toThrow(/stopping|closed/i)
  })

  test('ends a stream whose reader may not read any more', async () => {
    const ends: string[] = []
    const source = new ReadableStream({ cancel: () => void ends.push('source') })
    let allowed = true
    const response = watchedStream(new Response(source), {
      ...{ everyMs: 10, mayGoOn: async () => allowed, onEnd: () => void ends.push('told') },
    })
    const read = response.text()
    allowed = false
    expect(await read).toBe('')
    expect(ends.toSorted()).toEqual(['source', 'told'])
  })
})

describe('the command line of the MCP Inspector', () => {
  const run = promisify(execFile)

  /** The program expects to lie in a folder of the whole Inspector, whose version it reads. */
  function placed(): string {
    const folder = mkdtempSync(join(tmpdir(), 'parley-inspector-'))
    cleanUp(() => rmSync(folder, { recursive: true, force: true }))
    cpSync('node_modules/@modelcontextprotocol/inspector-cli', join(folder, 'cli'), { recursive: true })
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'inspector', version: '1.0.3', type: 'module' }))
    return join(folder, 'cli/build/cli.js')
  }

  const inspect = async (program: string, ...args: string[]) => {
    const { stdout } = await run(process.execPath, [
      ...[program, '--cli', `${app.url}/mcp`, '--transport', 'http', '--header', `Authorization: Bearer ${token}`],
      ...args,
    ])
    return JSON.parse(stdout)
  }

  test('lists and calls tools, and reads resources', async () => {
    const program = placed()
    const { tools } = await inspect(program, '--method', 'tools/list')
    expect(tools).toHaveLength(7)
    const called = await inspect(
      program,
      '--method',
      'tools/call',
      '--tool-name',
      'add_task',
      '--tool-arg',
      'title=inspected',
    )
    expect(called).toMatchObject({ structuredContent: { task: { title: 'inspected' } } })
    expect(await inspect(program, '--method', 'resources/list')).toHaveProperty('resources')
  })
})
