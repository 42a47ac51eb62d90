import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { ConnectionProblem, type JSONRPCMessage, readMessage, type Transport } from './mcp-client.ts'

export type ChildOptions = {
  command: string
  args: readonly string[]
  cwd: string | undefined
  env: Readonly<Record<string, string>>
  /** A longer line ends the child. */
  maxLineBytes: number
  /** What it wrote besides messages, when it has ended: for the operator. */
  onEnd(howItEnded: string, lastWords: string): void
}

/** After the end of its input, and after the signal to end, a child has so long. */
const patience = { afterInput: 1_000, afterSignal: 1_500 }

const lastWordsCharacters = 2_000
const maxUnread = 4 * 1_048_576

/**
 * A tool server as a child process that speaks over its standard streams. It has a process group of its own, so that
 * what it starts itself ends with it. When we die without a word its input ends, and it should end too.
 */
export class ChildTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  readonly #options: ChildOptions
  #child: ChildProcess | undefined
  #starting: Promise<void> | undefined
  #gone: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined
  #line: Buffer[] = []
  #lineBytes = 0
  #lastWords = ''

  constructor(options: ChildOptions) {
    this.#options = options
  }

  /** Rejects when the command cannot be run. */
  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  async #start(): Promise<void> {
    const { command, args, cwd, env } = this.#options
    const child = spawn(command, args, {
      cwd,
      env: { ...env } as NodeJS.ProcessEnv, // Remix's types want NODE_ENV, which a child need not have
      stdio: 'pipe',
      windowsHide: true,
      detached: process.platform !== 'win32',
    })
    await once(child, 'spawn')
    this.#child = child
    this.#gone = new Promise<number | string>((resolve) => {
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'))
    }).then((how) => this.#left(child, how))
    child.on('error', (error) => this.onerror?.(error))
    child.stdin.on('error', (error) => this.onerror?.(error))
    child.stdout.on('data', (chunk: Buffer) => this.#read(chunk))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-lastWordsCharacters)
    })
  }

  /** Resolves when the child has been handed it. */
  send(message: JSONRPCMessage): Promise<void> {
    const input: Writable | null | undefined = this.#child?.stdin
    return new Promise((resolve, reject) => {
      const unsent = (cause?: Error) => reject(new ConnectionProblem('not-run', 'The connection was lost.', cause))
      if (!input?.writable || this.#closing || input.writableLength > maxUnread) return unsent()
      input.write(`${JSON.stringify(message)}\n`, (error) => (error ? unsent(error) : resolve()))
    })
  }

  /** Ends its input, then asks it to end, then ends it. */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  /** At once, without a chance for it to tidy up: for when we end ourselves. */
  kill(): void {
    this.#signal('SIGKILL')
  }

  async #end(): Promise<void> {
    // Until it has been started there is nobody to end.
    await this.#starting?.catch(() => {})
    this.#child?.stdin?.end()
    if (!(await this.#goneWithin(patience.afterInput))) this.#signal('SIGTERM')
    if (!(await this.#goneWithin(patience.afterSignal))) this.#signal('SIGKILL')
    await this.#gone
  }

  async #goneWithin(milliseconds: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), milliseconds)
    })
    const gone = await Promise.race([this.#gone.then(() => true), late])
    clearTimeout(timer)
    return gone
  }

  /** To the whole group. */
  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child ?? {}
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch {
      this.#child?.kill(signal)
    }
  }

  async #left(child: ChildProcess, how: number | string): Promise<void> {
    // What it left behind would hold its streams open.
    this.#signal('SIGKILL')
    if (child.stdout && !child.stdout.closed) await Promise.race([once(child.stdout, 'close'), this.#moment()])
    this.#child = undefined
    child.stdout?.destroy()
    child.stderr?.destroy()
    this.#options.onEnd(typeof how === 'number' ? `exit code ${how}` : how, this.#lastWords.trim())
    this.onclose?.()
  }

  #moment(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 200))
  }

  #read(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#line.push(chunk.subarray(start, end))
      const line = Buffer.concat(this.#line).toString('utf8')
      this.#line = []
      this.#lineBytes = 0
      start = end + 1
      // Whatever else a server writes there is no message.
      const message = readMessage(line)
      if (message) this.onmessage?.(message)
    }
    this.#line.push(chunk.subarray(start))
    this.#lineBytes += chunk.length - start
    if (this.#lineBytes <= this.#options.maxLineBytes) return
    this.#line = []
    this.#lineBytes = 0
    this.#lastWords = `It wrote a line of more than ${this.#options.maxLineBytes} bytes.`
    this.#signal('SIGKILL')
  }
}
