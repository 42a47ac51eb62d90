import { describe, expect, test, vi } from 'vitest'
import { publicId } from '../../api/ids.ts'
import { standardLimits } from '../../api/limits.ts'
import { createExternalServers } from '../../api/tools/external-servers.ts'
import { readMcpConfig } from '../../api/tools/mcp-config.ts'
import type { Toolbox } from '../../api/tools/toolbox.ts'
import { cleanUp } from '../support/cleaning.ts'
import { scriptedTools, text } from '../support/scripted-tools.ts'
import { ada, bob, child, mcpFile, toolboxesOver } from '../support/tool-boxes.ts'
import { startToolServer, type ToolServer } from '../support/tool-server.ts'

vi.setConfig({ testTimeout: 60_000 })

const never = new AbortController().signal
const call = (toolbox: Toolbox, calledAs: string, args: object = {}) =>
  toolbox.call({ calledAs, argumentsText: JSON.stringify(args), approved: true }, never)
const namesIn = (toolbox: Toolbox) => toolbox.offered().map(({ calledAs }) => calledAs)
const say = { run: () => text('hello') }

describe('several servers', () => {
  test('of which one refuses and one never answers: the good one is used, at once', async () => {
    const good = await startToolServer(scriptedTools({ say }))
    const refusing = await startToolServer(scriptedTools({ say }), { listening: false })
    const silent = await startToolServer(scriptedTools({ say }))
    silent.intercept = () => true
    const toolboxes = toolboxesOver({
      refusing: { url: refusing.url },
      silent: { url: silent.url },
      mute: child('silent'),
      good: { url: good.url },
    })
    const since = performance.now()
    const toolbox = await toolboxes.open(ada)
    expect(await call(toolbox, 'good__say')).toMatchObject({ text: 'hello' })
    expect(performance.now() - since).toBeLessThan(3_500)
    expect(namesIn(toolbox)).toEqual(['good__say'])

    await toolboxes.becomes('refusing', 'UNAVAILABLE')
    const states = (await toolboxes.servers(ada)).map(({ name, status, error }) => [name, status, error])
    expect(states).toEqual([
      ['refusing', 'UNAVAILABLE', 'The server cannot be reached.'],
      ['silent', 'CONNECTING', null],
      ['mute', 'CONNECTING', null],
      ['good', 'CONNECTED', null],
    ])
    await toolboxes.becomes('silent', 'UNAVAILABLE')
    expect(await toolboxes.health('silent')).toMatchObject({ error: 'The server did not answer in time.' })

    // Nothing is started anew here: they come by themselves.
    await refusing.begin()
    silent.intercept = undefined
    await Promise.all(['refusing', 'silent'].map((name) => toolboxes.becomes(name, 'CONNECTED')))
    expect(namesIn(toolbox)).toEqual(['refusing__say', 'silent__say', 'good__say'])
    expect(await call(toolbox, 'refusing__say')).toMatchObject({ text: 'hello' })
  })

  test('have names for their tools that are the same in whatever order they come', async () => {
    const configs = ['s1', 's2', 's1_']
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]
    const named = await Promise.all(
      orders.map(async (order) => {
        const servers = await Promise.all(
          configs.map(() => startToolServer(scriptedTools({ search: say }), { listening: false })),
        )
        const toolboxes = toolboxesOver(
          Object.fromEntries(configs.map((name, at) => [name, { url: servers[at]?.url }])),
        )
        for (const at of order) {
          await servers[at]?.begin()
          await toolboxes.becomes(configs[at] ?? '', 'CONNECTED')
        }
        return namesIn(await toolboxes.open(ada))
      }),
    )
    expect(named[0]).toHaveLength(3)
    expect(new Set(named[0]).size).toBe(3)
    for (const names of named) expect(names).toEqual(named[0])
  })

  test('cannot take each other’s tools, nor make one tool of theirs a trouble for the rest', async () => {
    const list = [
      { name: 'good_one', inputSchema: { type: 'object' } },
      { name: 'admin.users.list', inputSchema: { type: 'object' } },
      { name: '', inputSchema: { type: 'object' } },
      { name: 'n'.repeat(130), inputSchema: { type: 'object' } },
      { name: 'bad', inputSchema: { type: 'object', properties: { a: { $ref: 'https://evil.example' } } } },
      { name: 'worse' },
      'worst',
      null,
    ]
    const server = await startToolServer(scriptedTools(() => list))
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const toolboxes = toolboxesOver({ odd: { url: server.url }, fine: child() })
    const toolbox = await toolboxes.ready()
    expect(namesIn(toolbox)).toContain('odd__good_one')
    expect(toolbox.offered().filter((it) => it.server === 'odd')).toHaveLength(4)
    for (const name of namesIn(toolbox)) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    const told = log.mock.calls.join('\n')
    log.mockRestore()
    expect(told).toContain('odd: leaves out "bad": its schema refers to another document')
    expect(told.match(/leaves out null: it is no tool/g)).toHaveLength(3)
  })
})

describe('a list that changes', () => {
  test('is followed, in the middle of a run too', async () => {
    const tools: Parameters<typeof scriptedTools>[0] = { say }
    const scripted = scriptedTools(tools)
    const server = await startToolServer(scripted)
    const toolbox = await toolboxesOver({ web: { url: server.url } }).ready()
    await expect.poll(() => server.requests.some(({ method }) => method === 'GET')).toBe(true)
    tools.more = { run: () => text('more') }
    await scripted.listChanged()
    await expect.poll(() => namesIn(toolbox), { timeout: 10_000 }).toEqual(['web__say', 'web__more'])
    expect(await call(toolbox, 'web__more')).toMatchObject({ text: 'more' })
    delete tools.say
    await scripted.listChanged()
    await expect.poll(() => namesIn(toolbox), { timeout: 10_000 }).toEqual(['web__more'])
    expect(await call(toolbox, 'web__say')).toMatchObject({ code: 'TOOL_NOT_FOUND' })
  })

  test('all the time is read now and then', async () => {
    const scripted = scriptedTools({ say })
    const server = await startToolServer(scripted)
    const toolbox = await toolboxesOver({ web: { url: server.url } }).ready()
    await expect.poll(() => server.requests.some(({ method }) => method === 'GET')).toBe(true)
    for (let at = 0; at < 500; at++) await scripted.listChanged()
    expect(await call(toolbox, 'web__say')).toMatchObject({ text: 'hello' })
    const lists = server.requests.filter(({ message }) => message.method === 'tools/list')
    expect(lists.length).toBeGreaterThan(1)
    expect(lists.length).toBeLessThan(20)
  })
})

test('a server that dies without a word, or changes its list in silence, is noticed all the same', async () => {
  const tools: Parameters<typeof scriptedTools>[0] = { say }
  const server = await startToolServer(scriptedTools(tools))
  // It has no stream for news.
  const silent: ToolServer['intercept'] = ({ method }, response) => {
    if (method !== 'GET') return false
    response.writeHead(405).end()
    return true
  }
  server.intercept = silent
  const file = mcpFile({ mcpServers: { web: { url: server.url } } })
  const servers = createExternalServers(readMcpConfig({ file, required: true, variables: {} }), {
    ...{ limits: standardLimits, mint: () => Promise.reject(new Error('no mint')), lookEveryMs: 100 },
  })
  cleanUp(() => servers.close())
  const seen = () => servers.health().map((it) => [it.status, ...it.tools.map(({ name }) => name)])
  await expect.poll(seen, { timeout: 20_000 }).toEqual([['CONNECTED', 'say']])
  tools.more = say
  await expect.poll(seen, { timeout: 20_000 }).toEqual([['CONNECTED', 'say', 'more']])
  await server.stop()
  await expect.poll(seen, { timeout: 20_000 }).toEqual([['UNAVAILABLE', 'say', 'more']])
  await server.begin()
  await expect.poll(seen, { timeout: 40_000 }).toEqual([['CONNECTED', 'say', 'more']])
})

test('the operator says which tools ask a person first', async () => {
  const tools = {
    read: { ...say, annotations: { readOnlyHint: true } },
    write: { ...say, annotations: { destructiveHint: false } },
    wipe: { ...say, annotations: { destructiveHint: true } },
    // Says nothing of itself, or half of it: the protocol counts that as destructive.
    mute: say,
    vague: { ...say, annotations: { readOnlyHint: false, idempotentHint: true } },
    torn: { ...say, annotations: { readOnlyHint: true, destructiveHint: true } },
  }
  const { url } = await startToolServer(scriptedTools(tools))
  const toolboxes = toolboxesOver({
    asSaid: { url },
    careful: { url, needsApproval: 'always' },
    trusted: { url, needsApproval: 'never' },
    mixed: { url, needsApproval: { write: 'always', wipe: 'never', mute: 'never', vague: 'destructive' } },
  })
  const toolbox = await toolboxes.ready()
  const asking = (server: string) =>
    toolbox.offered().flatMap((it) => (it.server === server && it.needsApproval ? [it.name] : []))
  expect(['asSaid', 'careful', 'trusted', 'mixed'].map(asking)).toEqual([
    ['wipe', 'mute', 'vague', 'torn'],
    ['read', 'write', 'wipe', 'mute', 'vague', 'torn'],
    [],
    ['write', 'vague', 'torn'],
  ])
})

describe('what is sent along', () => {
  const headersOf = (server: ToolServer, method: string, name: string) =>
    server.requests.filter(({ message }) => message.method === method).map(({ headers }) => headers[name])

  test('is what the operator wants, in every request', async () => {
    const server = await startToolServer(scriptedTools({ say }))
    const toolbox = await toolboxesOver({ web: { url: server.url, headers: { authorization: 'Bearer team' } } }).ready()
    await call(toolbox, 'web__say')
    expect(new Set(server.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer team']))
    for (const { headers } of server.requests) expect(headers).not.toHaveProperty('cookie')
  })

  test('can be the id of the user: who then has a connection of their own', async () => {
    const server = await startToolServer(scriptedTools({ say }))
    const toolboxes = toolboxesOver({ web: { url: server.url, userHeader: { name: 'x-user', value: 'id' } } })
    const [adas, bobs] = [await toolboxes.ready(ada), await toolboxes.ready(bob)]
    for (const toolbox of [adas, bobs, adas]) await call(toolbox, 'web__say')
    const [a, b] = [publicId('user', ada.id), publicId('user', bob.id)]
    expect(headersOf(server, 'tools/call', 'x-user')).toEqual([a, b, a])
    const sessionsOf = (user: string | undefined) =>
      new Set(server.requests.filter((it) => it.session && it.headers['x-user'] === user).map((it) => it.session))
    expect([sessionsOf(a).size, sessionsOf(b).size, sessionsOf(undefined).size]).toEqual([1, 1, 1])
    expect(sessionsOf(a)).not.toEqual(sessionsOf(b))
    expect(server.handshakes()).toBe(3)
  })

  test('can be a token for that server alone, which is made anew before it ends', async () => {
    const server = await startToolServer(scriptedTools({ say }))
    let life = 600_000
    const minted: [string, string | null][] = []
    const mint = async (audience: string, userId: string | null) => {
      minted.push([audience, userId])
      return { token: `t${minted.length}`, expiresAt: new Date(Date.now() + life) }
    }
    const userHeader = { name: 'Authorization', value: 'token', audience: 'crm' }
    const toolbox = await toolboxesOver({ web: { url: server.url, userHeader } }, { mint }).ready()
    await call(toolbox, 'web__say')
    await call(toolbox, 'web__say')
    expect(minted).toEqual([
      ['crm', null],
      ['crm', ada.id],
    ])
    expect(headersOf(server, 'tools/list', 'authorization')).toEqual(['Bearer t1'])
    expect(headersOf(server, 'tools/call', 'authorization')).toEqual(['Bearer t2', 'Bearer t2'])
    life = 20_000 // ends so soon that it has to be made anew for each request
    server.intercept = ({ headers }, response) => {
      if (headers.authorization !== 'Bearer t2') return false
      response.writeHead(401).end()
      return true
    }
    expect(await call(toolbox, 'web__say')).toMatchObject({ ok: true })
    expect(minted.length).toBeGreaterThan(2)
  })

  test('and is not taken any more: the person is told, and others are let in', async () => {
    const server = await startToolServer(scriptedTools({ say }))
    const mint = async (_: string, userId: string | null) => ({
      token: userId === ada.id ? 'adas' : 'good',
      expiresAt: new Date(Date.now() + 600_000),
    })
    const userHeader = { name: 'authorization', value: 'token' }
    const limits = { breakerFailures: 2 }
    const toolboxes = toolboxesOver({ web: { url: server.url, userHeader } }, { mint, limits })
    const [adas, bobs] = [await toolboxes.ready(ada), await toolboxes.ready(bob)]
    server.intercept = ({ headers }, response) => {
      if (headers.authorization !== 'Bearer adas') return false
      response.writeHead(401).end()
      return true
    }
    for (let at = 0; at < 3; at++)
      expect(await call(adas, 'web__say')).toMatchObject({
        ...{ code: 'TOOL_UNAVAILABLE', text: expect.stringContaining('does not take our credentials (HTTP 401)') },
      })
    expect(await call(bobs, 'web__say')).toMatchObject({ ok: true })
    expect(await toolboxes.health('web')).toMatchObject({ status: 'CONNECTED' })
  })

  test('is nothing, when no token can be made', async () => {
    const server = await startToolServer(scriptedTools({ say }))
    const userHeader = { name: 'authorization', value: 'token' }
    const toolboxes = toolboxesOver({ web: { url: server.url, userHeader } })
    expect(await toolboxes.becomes('web', 'UNAVAILABLE')).toMatchObject({
      error: 'No token for the server can be made right now.',
    })
    expect(server.requests).toEqual([])
  })
})
