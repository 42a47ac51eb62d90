import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { describe, expect, test, vi } from 'vitest'
import { ChildTransport } from '../../api/tools/child-transport.ts'
import type { Toolbox } from '../../api/tools/toolbox.ts'
import { cleanUp } from '../support/cleaning.ts'
import { child, mcpFile, toolboxesOver } from '../support/tool-boxes.ts'

vi.setConfig({ testTimeout: 60_000 })

const never = new AbortController().signal
const call = (toolbox: Toolbox, calledAs: string, args: object = {}) =>
  toolbox.call({ calledAs: `local__${calledAs}`, argumentsText: JSON.stringify(args), approved: true }, never)

async function over(...habits: string[]) {
  const toolboxes = toolboxesOver({ local: child(...habits) })
  return { toolboxes, toolbox: await toolboxes.ready() }
}

const pidIn = async (toolbox: Toolbox) => Number((await call(toolbox, 'pid')).text)

/** One that has ended, but whose parent has not been told yet, is not alive. */
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

const isGone = (pid: number, within = 10_000) =>
  expect.poll(() => isAlive(pid), { timeout: within, message: `${pid} is still there` }).toBe(false)

describe('a tool server as a child process', () => {
  test('is called over its standard streams', async () => {
    const { toolbox } = await over()
    expect(await call(toolbox, 'say', { words: 'hello ä🥛' })).toEqual({
      ok: true,
      structured: null,
      text: 'hello ä🥛',
    })
  })

  test('knows nothing of our environment but what it is given', async () => {
    vi.stubEnv('OPENAI_API_KEY', 'sk-secret')
    cleanUp(() => vi.unstubAllEnvs())
    const toolboxes = toolboxesOver({ local: { ...child(), env: { MODE: 'fast' } } })
    const { text } = await call(await toolboxes.ready(), 'environment')
    expect(JSON.parse(text)).toMatchObject({ MODE: 'fast', PATH: process.env.PATH })
    expect(text).not.toContain('sk-secret')
  })

  test('may write what it likes besides messages', async () => {
    const { toolbox } = await over()
    expect(await call(toolbox, 'garbage')).toMatchObject({ text: 'after the garbage' })
    expect(await call(toolbox, 'say', { words: 'hello' })).toMatchObject({ text: 'hello' })
  })

  test('that dies in a call fails that call, and is back by itself', async () => {
    const { toolboxes, toolbox } = await over()
    const before = await pidIn(toolbox)
    expect(await call(toolbox, 'crash')).toMatchObject({
      ...{ code: 'TOOL_UNAVAILABLE', text: expect.stringContaining('The connection was lost') },
    })
    await isGone(before)
    // Its tools are not taken away meanwhile: a call waits until it is back.
    expect(await call(toolbox, 'say', { words: 'again' })).toMatchObject({ text: 'again' })
    expect(await toolboxes.health('local')).toMatchObject({ status: 'CONNECTED', error: null })
  })

  test('that is killed while nobody calls is back by itself', async () => {
    const { toolbox } = await over()
    const before = await pidIn(toolbox)
    process.kill(before, 'SIGKILL')
    await isGone(before)
    expect(await pidIn(toolbox)).not.toBe(before)
  })

  test('that writes a line without an end is ended, and is back', async () => {
    const { toolbox } = await over()
    const before = await pidIn(toolbox)
    expect(await call(toolbox, 'flood')).toMatchObject({ ok: false, code: 'TOOL_UNAVAILABLE' })
    await isGone(before)
    expect(await call(toolbox, 'say', { words: 'again' })).toMatchObject({ text: 'again' })
  })

  test('that learns a tool offers it at once', async () => {
    const { toolbox } = await over()
    expect(toolbox.offered().some(({ name }) => name === 'learned')).toBe(false)
    await call(toolbox, 'learn')
    await expect.poll(() => toolbox.offered().some(({ name }) => name === 'learned'), { timeout: 10_000 }).toBe(true)
    expect(await call(toolbox, 'learned')).toMatchObject({ text: 'I learned that' })
  })
})

describe('a tool server that does not come up', () => {
  test.each([
    ['is no program', { command: 'no-such-program-anywhere' }, 'spawn no-such-program-anywhere ENOENT'],
    ['is in no folder', { ...child(), cwd: '/no/such/folder' }, 'ENOENT'],
    ['dies at once', child('dies'), 'exit code 7'],
    ['complains and dies', child('complains'), 'I cannot find my settings'],
  ])('because it %s keeps nothing up, and is tried again', async (_, config, forOperator) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    cleanUp(() => log.mockRestore())
    const toolboxes = toolboxesOver({ local: config, good: child() })
    const server = await toolboxes.becomes('local', 'UNAVAILABLE')
    expect(server.error).toMatch(/^The (server cannot be reached|connection was (closed|lost))\.$/)
    await toolboxes.becomes('good', 'CONNECTED')
    const toolbox = await toolboxes.open({ id: '0199a5c0-0000-7000-8000-000000000001', scopes: [] })
    expect(await toolbox.call({ calledAs: 'good__say', argumentsText: '{"words":"hi"}' }, never)).toMatchObject({
      text: 'hi',
    })
    await expect.poll(() => log.mock.calls.join(), { timeout: 5_000 }).toContain(forOperator)
  })
})

describe('when we end', () => {
  test.each([
    ['honours the end of its input', [], 1_500],
    ['ignores the end of its input', ['ignores-input'], 4_000],
    ['ignores the signal to end', ['ignores-signal'], 1_500],
    ['ignores both', ['ignores-input', 'ignores-signal'], 6_000],
    ['has a child of its own', ['has-child'], 4_000],
    ['has a child of its own and ignores everything', ['has-child', 'ignores-input', 'ignores-signal'], 6_000],
  ])('so does a server that %s', async (_, habits, within) => {
    const { toolboxes, toolbox } = await over(...habits)
    const pid = await pidIn(toolbox)
    const since = performance.now()
    await toolboxes.close()
    await isGone(pid, 2_000)
    expect(performance.now() - since).toBeLessThan(within + 2_000)
  })

  test('so does one that is just being started', async () => {
    const onEnd = vi.fn()
    const args = ['-e', 'setInterval(() => {}, 1_000)']
    const options = { command: process.execPath, args, cwd: undefined, env: {}, maxLineBytes: 1_000, onEnd }
    const transport = new ChildTransport(options)
    const started = transport.start()
    await transport.close()
    expect(onEnd).toHaveBeenCalledWith('SIGTERM', '')
    await started
  })

  /** A process that has these servers, and the pids that they say. */
  async function host(...habits: string[][]) {
    const servers = Object.fromEntries(habits.map((it, at) => [`s${at}`, child(...it)]))
    const program = spawn(process.execPath, ['tests/support/tool-host.ts', mcpFile({ mcpServers: servers })], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    cleanUp(() => program.kill('SIGKILL'))
    const [line] = await once(createInterface({ input: program.stdout }), 'line')
    const pids: number[] = JSON.parse(line)
    cleanUp(() => pids.filter(isAlive).map((pid) => process.kill(pid, 'SIGKILL')))
    return { program, pids }
  }

  test('by a signal, so do all servers', async () => {
    const { program, pids } = await host([], ['ignores-input'], ['ignores-signal'], ['ignores-input', 'ignores-signal'])
    program.kill('SIGTERM')
    await Promise.all(pids.map((pid) => isGone(pid)))
  })

  test('without closing anything, so do all servers', async () => {
    const { program, pids } = await host([], ['ignores-input', 'ignores-signal'])
    program.kill('SIGINT')
    await Promise.all(pids.map((pid) => isGone(pid)))
  })

  test('by a kill, so do those that honour the end of their input', async () => {
    const { program, pids } = await host([], ['ignores-signal'])
    program.kill('SIGKILL')
    await Promise.all(pids.map((pid) => isGone(pid)))
  })
})
