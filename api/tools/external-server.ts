import type { Viewer } from '../auth/viewer.ts'
import type { Limits } from '../limits.ts'
import { Breaker } from './breaker.ts'
import { type CallLimits, callTool } from './call-tool.ts'
import { Link } from './link.ts'
import { type ListedTool, type ListLimits, readTools } from './listed-tools.ts'
import {
  type CallOptions,
  type Connection,
  ConnectionProblem,
  connect,
  type ProblemKind,
  type Transport,
} from './mcp-client.ts'
import type { ServerConfig } from './mcp-config.ts'
import type { ConnectedTool } from './open-toolbox.ts'
import type { SchemaChecks } from './schema-checks.ts'
import { nameForModel } from './tool-names.ts'
import { failed, type RawResult } from './tool-result.ts'
import type { ToolResult, ToolServer } from './toolbox.ts'
import { UserLinks } from './user-links.ts'

export type ExternalLimits = ListLimits & CallLimits & Pick<Limits, 'breakerFailures' | 'breakerSeconds'>

export type ExternalMeans = {
  limits: ExternalLimits
  checkOf: SchemaChecks
  /** A fresh way to the server: for one user when it wants to know them, else for all. */
  open(viewer: Viewer | null): Transport
  /** So often the list is read again unasked: some servers do not say when it changes, some die without a word. */
  lookEveryMs: number
  /** A line for the operator. */
  log(line: string): void
}

/** Shaking hands and listing may each take so long. */
const handshakeMs = 10_000

/** A connection that held so long was a good one. */
const heldMs = 10_000

const pauses = { first: 250, longest: 30_000 }

/** The least time between two readings of a list that changes all the time. */
const betweenListsMs = 250

/** After these a connection is made anew. */
const useless: ProblemKind[] = ['lost', 'not-run', 'unauthorized']

const unforeseen = new ConnectionProblem('lost', 'It cannot be used.')

/**
 * One tool server of the operator: connected in the background, again and again, and never waited for longer than a
 * call may take. Its tools are those that it listed last.
 */
export class ExternalServer {
  readonly name: string
  readonly #config: ServerConfig
  readonly #means: ExternalMeans
  readonly #link: Link
  readonly #users: UserLinks | null
  readonly #breaker: Breaker
  readonly #over = new AbortController()
  #tools: ListedTool[] = []
  #status: ToolServer['status'] = 'CONNECTING'
  #error: string | null = null
  #told = ''
  /** Resolves when the attempt that is going on has come to something. */
  #attempt = Promise.withResolvers<void>()
  #running: Promise<void>
  #calls = 0
  #listing: Promise<void> | undefined
  #listDue = false
  #listWorkMs = 0

  constructor(config: ServerConfig, means: ExternalMeans) {
    this.name = config.name
    this.#config = config
    this.#means = means
    this.#breaker = new Breaker(means.limits)
    const handshake = { milliseconds: handshakeMs, onToolsChanged: () => this.#listAgain() }
    this.#link = new Link((signal) => connect(means.open(null), { ...handshake, signal }))
    const personal = config.kind === 'http' && config.userHeader !== null
    this.#users = personal
      ? new UserLinks((viewer, signal) => connect(means.open(viewer), { milliseconds: handshakeMs, signal }))
      : null
    this.#running = this.#keepConnected()
  }

  /** Whether what it listed can be used, as far as we know. */
  get usable(): boolean {
    return this.#status !== 'UNAVAILABLE' && this.#breaker.waitMs === 0
  }

  health(): ToolServer {
    const broken = this.#breaker.waitMs > 0
    return {
      name: this.name,
      status: broken ? 'UNAVAILABLE' : this.#status,
      error: this.#error ?? (broken ? this.#restingWords() : null),
      tools: this.#tools.map(({ spec }) => spec),
    }
  }

  /** Resolves when it is known whether it can be reached; at once, unless that is just being tried. */
  async settled(): Promise<void> {
    if (this.#status === 'CONNECTING') await this.#attempt.promise
  }

  /** What it listed last, as this user may call it. */
  tools(viewer: Viewer): ConnectedTool[] {
    const { usable } = this
    return this.#tools.map(({ spec, input, output }) => ({
      ...{ spec, input, usable },
      call: async (args, signal, onProgress) => {
        if (this.#breaker.waitMs > 0) return failed('TOOL_UNAVAILABLE', `${spec.calledAs}: ${this.#restingWords()}`)
        let refusedUser = false
        const send = (name: string, args: Record<string, unknown>, options: CallOptions) =>
          this.#send(viewer, name, args, options).catch((error: unknown) => {
            refusedUser = error instanceof ConnectionProblem && error.kind === 'unauthorized'
            throw error
          })
        const result = await callTool(send, spec, output, this.#means.limits, args, signal, onProgress)
        // That one user is not let in says nothing about the others.
        if (!refusedUser || !this.#users) this.#note(result)
        return result
      },
    }))
  }

  async close(): Promise<void> {
    this.#over.abort()
    this.#attempt.resolve()
    await Promise.all([this.#link.close(), this.#users?.close(), this.#running])
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#over
    for (let failures = 0; !signal.aborted; ) {
      const since = Date.now()
      const problem = await this.#holdConnection()
      if (signal.aborted) return
      const held = Date.now() - since > heldMs
      failures = held ? 0 : failures + 1
      // A first loss is a restart as a rule, and soon over: its tools are not taken away from who is working with them.
      if (this.#status === 'CONNECTED' && failures < 3) this.#set('CONNECTING', problem)
      else this.#set('UNAVAILABLE', problem)
      await pause(problem.kind === 'not-run' && failures < 2 ? 0 : pauseAfter(failures), signal)
    }
  }

  /** Connects, lists, and stays until the connection has ended. Gives the reason. */
  async #holdConnection(): Promise<ConnectionProblem> {
    let connection: Connection | undefined
    try {
      connection = await this.#link.get()
      await this.#list(connection)
      this.#set('CONNECTED', null)
      throw await this.#watch(connection)
    } catch (error) {
      const problem = error instanceof ConnectionProblem ? error : unforeseen
      if (connection) await this.#link.drop(connection, problem)
      return problem
    }
  }

  /** Looks at the list now and then, until the connection has ended. */
  async #watch(connection: Connection): Promise<ConnectionProblem> {
    const gone = new AbortController()
    void connection.ended.then(() => gone.abort())
    const either = AbortSignal.any([this.#over.signal, gone.signal])
    while (!either.aborted) {
      await pause(this.#means.lookEveryMs, either)
      // A server that works on something may have no time for more than that.
      if (!either.aborted && this.#calls === 0) await this.#list(connection)
    }
    return gone.signal.aborted ? connection.ended : new ConnectionProblem('lost', 'The connection was closed.')
  }

  /** The server said that its list is another one. However often it says so, it is read once after the other. */
  #listAgain(): void {
    this.#listDue = true
    this.#listing ??= this.#listWhileDue().finally(() => {
      this.#listing = undefined
    })
  }

  async #listWhileDue(): Promise<void> {
    while (this.#listDue && !this.#over.signal.aborted) {
      this.#listDue = false
      const connection = await this.#link.get().catch(() => null)
      // What goes wrong here shows again at the next look.
      if (connection) await this.#list(connection).catch(() => {})
      // Schemas that are hard to understand must not keep us from everything else.
      await pause(Math.max(betweenListsMs, 20 * this.#listWorkMs), this.#over.signal)
    }
  }

  async #list(connection: Connection): Promise<void> {
    const { limits, checkOf, log } = this.#means
    const { needsApproval } = this.#config
    const listed = await connection.tools(limits.toolsPerServer, handshakeMs)
    const since = performance.now()
    const { tools, leftOut } = readTools(this.name, listed, {
      ...{ limits, checkOf },
      calledAs: (tool) => nameForModel(this.name, tool),
      needsApproval: (tool, destructive) => {
        const when = Object.hasOwn(needsApproval, tool) ? needsApproval[tool] : needsApproval['*']
        return when === 'always' || (when !== 'never' && destructive)
      },
    })
    this.#listWorkMs = performance.now() - since
    this.#tools = tools
    const named = Object.keys(needsApproval).filter((it) => it !== '*' && tools.every(({ spec }) => spec.name !== it))
    const notes = [
      ...leftOut.map((it) => `leaves out ${it}`),
      ...named.map((it) => `needsApproval names ${JSON.stringify(it)}, which it does not have`),
    ]
    if (notes.join() !== this.#told) for (const note of notes.slice(0, 20)) log(`${this.name}: ${note}`)
    this.#told = notes.join()
  }

  /** Makes the call; once more when the server cannot have run anything. */
  async #send(viewer: Viewer, name: string, args: Record<string, unknown>, options: CallOptions): Promise<RawResult> {
    this.#calls++
    try {
      return await this.#sendUpToTwice(viewer, name, args, options)
    } finally {
      this.#calls--
    }
  }

  async #sendUpToTwice(
    viewer: Viewer,
    name: string,
    args: Record<string, unknown>,
    options: CallOptions,
  ): Promise<RawResult> {
    await this.settled()
    if (this.#status === 'UNAVAILABLE') throw new ConnectionProblem('lost', this.#error ?? 'It cannot be reached.')
    const link = this.#users?.of(viewer) ?? this.#link
    for (let again = false; ; again = true) {
      const connection = await link.get()
      options.signal.throwIfAborted()
      try {
        return await connection.call(name, args, options)
      } catch (error) {
        if (!(error instanceof ConnectionProblem)) throw error
        if (useless.includes(error.kind)) await link.drop(connection, error)
        if (error.kind !== 'not-run' || again) throw error
      }
    }
  }

  #note(result: ToolResult): void {
    const failures = ['TOOL_UNAVAILABLE', 'TOOL_TIMEOUT', 'TOOL_BAD_RESULT']
    if (!result.ok && failures.includes(result.code)) this.#breaker.failed()
    else this.#breaker.worked()
  }

  #restingWords(): string {
    const seconds = Math.ceil(this.#breaker.waitMs / 1_000)
    return `The last ${this.#breaker.failures} calls failed. It is tried again in ${seconds} s.`
  }

  #set(status: ToolServer['status'], problem: ConnectionProblem | null): void {
    const error = problem?.message.slice(0, 300) ?? null
    if (problem && error !== this.#error) this.#means.log(`${this.name}: ${error}${causeOf(problem)}`)
    if (this.#status === 'CONNECTING' && status !== 'CONNECTING') this.#attempt.resolve()
    if (this.#status !== 'CONNECTING' && status === 'CONNECTING') this.#attempt = Promise.withResolvers()
    this.#status = status
    this.#error = error
  }
}

/** What lies behind it: fetch tells its reason one deeper. */
function causeOf({ cause }: Error): string {
  if (!(cause instanceof Error)) return ''
  const inner = cause.cause instanceof Error ? `: ${cause.cause.message}` : ''
  return ` (${cause.message}${inner})`.slice(0, 500)
}

function pauseAfter(failures: number): number {
  const doubled = Math.min(pauses.longest, pauses.first * 2 ** Math.max(0, failures - 1))
  // Servers that went down together do not come back all at once.
  return doubled * (0.8 + Math.random() * 0.4)
}

/** Ends early, without an error, when the signal aborts. */
function pause(milliseconds: number, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve(undefined)
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
