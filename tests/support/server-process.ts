import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { cleanUp, ifItFails } from './cleaning.ts'
import { expectNoMessages, expectNoSecrets } from './credentials.ts'

export type ServerProcess = {
  url: string
  pid(): number | undefined
  /** What it wrote so far. */
  output(): string
  /** As by a power cut: nothing is said, nothing is flushed. */
  kill(): Promise<void>
  /** It does nothing at all until it wakes, like a machine that is suspended. */
  sleep(): void
  wake(): void
  /** As by an operator, who does not wait for it. */
  signal(signal: 'SIGTERM' | 'SIGINT'): void
  /** As by an operator. Gives the exit code. */
  stop(): Promise<number | null>
  /** It ends by itself. Gives the exit code. */
  ended(): Promise<number | null>
  /** The same server again, on the same data and the same address, after `kill` or `stop`. */
  start(): Promise<void>
}

/**
 * The real program in a process of its own, ready for requests: the API alone, or with the pages. `env` is all that it
 * knows of the environment, besides what a shell gives. Ended with the test.
 */
export async function startServer(
  env: Record<string, string | undefined>,
  { pages = false } = {},
): Promise<ServerProcess> {
  const port = await freePort()
  const url = `http://localhost:${port}`
  let child: ChildProcess | undefined
  let output = ''

  async function start(): Promise<void> {
    if (child && running(child)) throw new Error('It is running already.')
    const { PATH, HOME, TMPDIR } = process.env
    const environment: Record<string, string | undefined> = {
      PATH,
      HOME,
      TMPDIR,
      PORT: String(port),
      PARLEY_URL: url,
      PARLEY_MCP_CONFIG: '',
      ...env,
    }
    const started = spawn(process.execPath, ['api/main.ts', ...(pages ? [] : ['api'])], {
      env: environment as NodeJS.ProcessEnv, // Remix's types want NODE_ENV, which a person at a shell does not set
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child = started
    for (const stream of [started.stdout, started.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    await ready(url, started, () => output)
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (!child || !running(child)) return child?.exitCode ?? null
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
    return child.exitCode
  }

  async function ended(): Promise<number | null> {
    if (child && running(child)) await once(child, 'exit')
    return child?.exitCode ?? null
  }

  ifItFails(() => console.error(output))
  cleanUp(async () => {
    await end('SIGKILL')
    expectNoSecrets(output)
    expectNoMessages(output)
  })
  await start()
  return {
    url,
    pid: () => child?.pid,
    output: () => output,
    kill: async () => void (await end('SIGKILL')),
    sleep: () => void child?.kill('SIGSTOP'),
    wake: () => void child?.kill('SIGCONT'),
    signal: (signal) => void child?.kill(signal),
    stop: () => end('SIGTERM'),
    ended,
    start,
  }
}

const running = (child: ChildProcess) => child.exitCode === null && child.signalCode === null

/** Asks until it serves. Throws with its output when it ends instead. */
async function ready(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const asked = new AbortController()
  child.once('exit', () => asked.abort())
  while (running(child)) {
    const answer = await fetch(`${url}/readyz`, { signal: asked.signal }).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`The server ended (${child.exitCode ?? child.signalCode}):\n${output()}`)
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}
