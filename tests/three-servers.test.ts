import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { calls, pause, says, startProvider } from './support/scripted-provider.ts'
import { mcpFile } from './support/tool-boxes.ts'

const program = (name: string) => `node_modules/@modelcontextprotocol/server-${name}/dist/index.js`

/** The app with three servers as they come from npm, all in one file. */
async function start() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-three-'))
  cleanUp(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'hello.txt'), 'Hello from a file')
  const run = (name: string, ...args: string[]) => ({
    ...{ command: process.execPath, args: [program(name), ...args] },
    env: { MARK: folder, MEMORY_FILE_PATH: join(folder, 'memory.json') },
  })
  const mcpServers = {
    everything: run('everything', 'stdio'),
    files: run('filesystem', folder),
    memory: run('memory'),
  }
  const file = join(folder, 'mcp.json')
  writeFileSync(file, JSON.stringify({ mcpServers }))
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const processesOf = (name: string) => processesWith(folder).filter((it) => partOf(it, 'cmdline')?.includes(name))
  cleanUp(() => expect(processesOf('server-'), 'when the app has been closed').toEqual([]))
  const app = await startApp({ provider, env: { PARLEY_MCP_CONFIG: file, PATH: process.env.PATH ?? '' } })
  const ada = await app.user('ada')
  const servers = async () => {
    type Servers = { toolServers: { name: string; status: string; error: string | null; tools: { name: string }[] }[] }
    return (await ada.query<Servers>('{ toolServers { name status error tools { name } } }')).toolServers
  }
  const connected = () =>
    expect
      .poll(async () => (await servers()).map(({ name, status }) => [name, status]), { timeout: 30_000 })
      .toEqual(['tasks', 'conversations', 'everything', 'files', 'memory'].map((name) => [name, 'CONNECTED']))
  await connected()
  return { folder, provider, ada, connected, processesOf }
}

/** Those that were started with this mark: another app's are left alone. */
function processesWith(mark: string): string[] {
  const all = readdirSync('/proc').filter((it) => /^\d+$/.test(it))
  return all.filter((it) => partOf(it, 'environ')?.includes(`MARK=${mark}`))
}

/** What the system tells of a process; null when it has ended meanwhile. */
function partOf(pid: string, part: 'environ' | 'cmdline'): string | null {
  try {
    return readFileSync(`/proc/${pid}/${part}`, 'utf8')
  } catch {
    return null
  }
}

/** Gives its pid. */
function kill(processes: string[]): string {
  const [pid, ...more] = processes
  if (!pid || more.length > 0) throw new Error(`One process was expected: ${processes.join(', ') || 'there is none'}`)
  process.kill(Number(pid), 'SIGKILL')
  return pid
}

/** When its parent, which is this process, has been told: what is written to it until then may be lost. */
const hasEnded = (pid: string) => !existsSync(`/proc/${pid}`)

test('with a file that is wrong Parley does not start, and says everything that is', async () => {
  const file = mcpFile({ mcpServers: { tasks: { command: 'x' }, web: { url: 'nowhere' } } })
  await expect(startApp({ env: { PARLEY_MCP_CONFIG: file } })).rejects.toThrow(
    /not usable:\n {2}mcpServers\.tasks: is the name of a built-in server\n {2}mcpServers\.web\.url: is no http/,
  )
  await expect(startApp({ env: { PARLEY_MCP_CONFIG: `${file}.missing` } })).rejects.toThrow('it is not there')
})

test('three servers from npm work at once', async () => {
  const { folder, provider, ada } = await start()
  provider.plays(
    calls(
      { name: 'everything__echo', arguments: { message: 'over there' } },
      { name: 'files__read_text_file', arguments: { path: join(folder, 'hello.txt') } },
      {
        name: 'memory__create_entities',
        arguments: { entities: [{ name: 'Ada', entityType: 'person', observations: ['likes oat milk'] }] },
      },
      { name: 'everything__trigger-long-running-operation', arguments: { duration: 1, steps: 2 } },
    ),
    calls({ name: 'memory__search_nodes', arguments: { query: 'oat' } }),
    says('All done.'),
  )
  const { text, events } = await ada.hears('Try everything')
  expect(text).toBe('All done.')
  const ended = events.flatMap((it) => (it.__typename === 'ToolCallChanged' ? [it.toolCall] : []))
  const results = Object.fromEntries(ended.map((it) => [it.name, [it.server, it.status, JSON.stringify(it.result)]]))
  expect(results).toEqual({
    echo: ['everything', 'SUCCEEDED', expect.stringContaining('over there')],
    read_text_file: ['files', 'SUCCEEDED', expect.stringContaining('Hello from a file')],
    create_entities: ['memory', 'SUCCEEDED', expect.stringContaining('Ada')],
    'trigger-long-running-operation': ['everything', 'SUCCEEDED', expect.stringContaining('completed')],
    search_nodes: ['memory', 'SUCCEEDED', expect.stringContaining('likes oat milk')],
  })
  expect(provider.refusals).toEqual([])
  const [request] = provider.requests
  expect(JSON.stringify(request)).toContain('files__write_file')
}, 120_000)

test('each of them is killed during a run: the answer comes, the card says what happened, the server is back', async () => {
  const { folder, provider, ada, connected, processesOf } = await start()
  const long = { name: 'everything__trigger-long-running-operation', arguments: { duration: 60, steps: 60 } }
  provider.plays(calls(long), says('It did not work.'))
  const first = await ada.asks('Take your time')
  // The server is at work: the call is not one that never arrived, which would be made again.
  const progress =
    'query ($id: ID!) { node(id: $id) { ... on Run { messages { toolCalls { progress { progress } } } } } }'
  const told = async () => JSON.stringify(await ada.query(progress, { id: first.run.id }))
  await expect.poll(told, { timeout: 30_000 }).toContain('"progress":{"progress":')
  kill(processesOf('server-everything'))
  const events = await ada.sees(first.run, 'It did not work.')
  expect(events).toContainEqual(
    expect.objectContaining({
      toolCall: expect.objectContaining({
        ...{ name: 'trigger-long-running-operation', status: 'FAILED' },
        error: { code: 'TOOL_UNAVAILABLE', message: expect.stringContaining('The connection was lost.') },
      }),
    }),
  )

  const path = join(folder, 'hello.txt')
  const later = [
    ['filesystem', { name: 'files__read_text_file', arguments: { path } }, 'Hello from a file'],
    ['memory', { name: 'memory__read_graph' }, 'entities'],
    ['everything', { name: 'everything__echo', arguments: { message: 'again' } }, 'Echo: again'],
  ] as const
  for (const [name, call, result] of later) {
    await connected()
    provider.plays(says('One moment.', pause, { call }), says('There it is.'))
    const { run } = await ada.asks(`Use ${name}`)
    await ada.sees(run, 'One moment.')
    const pid = kill(processesOf(`server-${name}`))
    await expect.poll(() => hasEnded(pid), { timeout: 10_000 }).toBe(true)
    provider.resume()
    const seen = await ada.sees(run, 'There it is.')
    expect(JSON.stringify(seen)).toContain(result)
  }
  await connected()
}, 180_000)
