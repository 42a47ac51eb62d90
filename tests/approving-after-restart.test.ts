import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'
import { roomy } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { engine, freshDatabase } from './support/databases.ts'
import { asked, decides } from './support/deciding.ts'
import { textOf } from './support/events.ts'
import { calls, says, startProvider } from './support/scripted-provider.ts'
import { scriptedTools, text } from './support/scripted-tools.ts'
import { startServer } from './support/server-process.ts'
import { child, mcpFile } from './support/tool-boxes.ts'
import { startToolServer } from './support/tool-server.ts'
import { at, signUp } from './support/user.ts'

vi.setConfig({ testTimeout: 180_000 })

/**
 * The program in processes of its own (two on PostgreSQL), with two tool servers of the operator whose tools say nothing
 * of themselves: one over HTTP, which outlives every restart, and one that is a child of each process.
 */
async function start() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-record-'))
  cleanUp(() => rmSync(folder, { recursive: true, force: true }))
  const record = join(folder, 'record.jsonl')
  writeFileSync(record, '')
  const overHttp: unknown[] = []
  const wipe = { run: (args: unknown) => text(`wiped ${overHttp.push(args)}`) }
  const web = await startToolServer(scriptedTools({ wipe }))
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const { databaseUrl, dataDir } = await freshDatabase()
  const env = {
    ...{ DATABASE_URL: databaseUrl, PARLEY_DATA_DIR: dataDir, PARLEY_SECRET: 'all of them share this one secret' },
    ...{ OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: provider.url, PARLEY_MODEL: 'scripted' },
    PARLEY_LIMITS: JSON.stringify(roomy),
    PARLEY_MCP_CONFIG: mcpFile({
      mcpServers: { web: { url: web.url }, local: { ...child(), env: { RECORD: record } } },
    }),
  }
  const first = await startServer(env)
  const second = engine() === 'postgres' ? await startServer(env) : first
  const servers = [...new Set([first, second])]
  const ada = await signUp(first.url)
  const isConnected = async ({ url }: { url: string }) =>
    statesOf(await at(url, ada).query(states)).join() === 'CONNECTED,CONNECTED'
  await vi.waitUntil(async () => (await Promise.all(servers.map(isConnected))).every(Boolean), {
    ...{ timeout: 120_000, interval: 250 },
  })
  return {
    ...{ provider, servers, ada, elsewhere: at(second.url, ada) },
    executions: () => ({
      web: overHttp,
      local: readFileSync(record, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    }),
  }
}

let world: Awaited<ReturnType<typeof start>>
beforeAll(async () => {
  world = await start()
}, 180_000)

const states = '{ toolServers { name status } }'
const statesOf = ({ toolServers }: { toolServers?: { name: string; status: string }[] }) =>
  (toolServers ?? []).filter(({ name }) => ['web', 'local'].includes(name)).map(({ status }) => status)

test('what waits for a person outlasts the end of every process: approved with other arguments, each call is made once', async () => {
  const { provider, servers, ada, elsewhere, executions } = world
  provider.plays(
    calls({ name: 'web__wipe', arguments: { path: '/a' } }, { name: 'local__record', arguments: { path: '/b' } }),
    says('Both are done.'),
  )
  const sent = await ada.asks('Wipe them')
  const [wipe = '', record = ''] = await asked(ada, sent, 2)
  const [first, second] = servers
  await first?.kill()
  await second?.stop()
  expect(executions()).toEqual({ web: [], local: [] })
  for (const server of servers) await server.start()
  expect(await decides(ada, wipe, { decision: 'APPROVE', arguments: { path: '/edited' } })).toMatchObject({
    status: 'PENDING',
  })
  // The same again, at another process: it changes nothing, whatever arguments come with it.
  await decides(elsewhere, wipe, { decision: 'APPROVE', arguments: { path: '/late' } })
  await decides(elsewhere, record, { decision: 'APPROVE', arguments: { path: '/edited too', deep: [{ a: 1 }] } })
  const events = await Array.fromAsync(elsewhere.follows(sent.run))
  expect(events.at(-1)).toMatchObject({ __typename: 'RunEnded', run: { status: 'COMPLETED' } })
  expect(executions()).toEqual({ web: [{ path: '/edited' }], local: [{ path: '/edited too', deep: [{ a: 1 }] }] })
  const shown = events.flatMap((it) => (it.__typename === 'ToolCallChanged' ? [it.toolCall] : []))
  expect(shown.findLast(({ id }) => id === wipe)).toMatchObject({
    ...{ status: 'SUCCEEDED', arguments: { path: '/edited' }, result: 'wiped 1' },
  })
  expect(JSON.stringify(provider.requests.at(-1)?.transcript)).toContain('wiped 1')
  expect(provider.refusals).toEqual([])
})

const wants = (path: string) => calls({ name: 'web__wipe', arguments: { path } })

test('a call of the operator’s server is denied with a reason, which the model is told', async () => {
  const { provider, ada, elsewhere, executions } = world
  const before = executions().web.length
  provider.plays(wants('/a'), says('Then I leave it.'))
  const sent = await ada.asks('Wipe it')
  const [call = ''] = await asked(ada, sent)
  const denied = await decides(elsewhere, call, { decision: 'DENY', reason: 'we still need it' })
  expect(denied).toMatchObject({ status: 'DENIED', denialReason: 'we still need it' })
  await expect(decides(ada, call, { decision: 'APPROVE' })).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(await textOf(ada.follows(sent.run))).toBe('Then I leave it.')
  expect(JSON.stringify(provider.requests.at(-1)?.transcript)).toContain('we still need it')
  expect(executions().web).toHaveLength(before)
  expect(provider.refusals).toEqual([])
})

test('the first decision wins, at whatever process it is taken', async () => {
  const { provider, ada, elsewhere, executions } = world
  for (let round = 1; round <= 4; round++) {
    provider.plays(wants(`/${round}`), says(`That was ${round}.`))
    const sent = await ada.asks('And now?')
    const [call = ''] = await asked(ada, sent)
    const before = executions().web.length
    const words = await Promise.allSettled(
      Array.from({ length: 6 }, (_, at) =>
        decides(at % 2 ? ada : elsewhere, call, at % 3 ? { decision: 'APPROVE' } : { decision: 'DENY' }),
      ),
    )
    const heard = words.map((it) => (it.status === 'fulfilled' ? 'took' : it.reason.code))
    expect(await textOf(ada.follows(sent.run))).toBe(`That was ${round}.`)
    const ran = executions().web.length - before
    expect([0, 1]).toContain(ran)
    expect([...new Set(heard)].toSorted()).toEqual(['CONFLICT', 'took'])
    expect(heard.filter((it) => it === 'took')).toHaveLength(ran === 1 ? 4 : 2)
  }
  expect(provider.refusals).toEqual([])
})
