import { randomBytes } from 'node:crypto'
import type { Viewer } from '../auth/viewer.ts'
import { AppError, notFound } from '../errors.ts'
import type { Limits } from '../limits.ts'

/** A session belongs to one user, and to credentials that allow what the one allows that opened it. */
export type Session<T> = {
  readonly id: string
  readonly served: T
  readonly userId: string
  readonly scopes: string
  /** Requests being answered and streams being read. */
  busy: number
  usedAt: number
}

export type SessionLimits = Pick<Limits, 'mcpSessionsPerUser' | 'mcpIdleMinutes'>

const lookMs = 15_000

/** The MCP sessions of this process, each bound to its user. One that nobody uses ends by itself. */
export class Sessions<T> {
  readonly #limits: SessionLimits
  readonly #end: (served: T) => Promise<void>
  readonly #sessions = new Map<string, Session<T>>()
  readonly #timer: NodeJS.Timeout

  constructor(limits: SessionLimits, end: (served: T) => Promise<void>) {
    this.#limits = limits
    this.#end = end
    const look = Math.min(lookMs, limits.mcpIdleMinutes * 30_000)
    this.#timer = setInterval(() => this.#endIdle(), look).unref()
  }

  /** 256 random bits. */
  static newId(): string {
    return randomBytes(32).toString('base64url')
  }

  /** The viewer's session. Throws NOT_FOUND when it is someone else's, was opened with other rights, or is not there. */
  find(id: string, viewer: Viewer): Session<T> {
    const session = this.#sessions.get(id)
    if (session?.userId !== viewer.id || session.scopes !== rights(viewer)) throw notFound('session')
    return session
  }

  /**
   * Makes room for one more of this user: the one that nobody uses, and for the longest time, has to go. Throws
   * RATE_LIMITED when all of them are in use.
   */
  makeRoom(viewer: Viewer): void {
    const own = [...this.#sessions.values()].filter(({ userId }) => userId === viewer.id)
    const limit = this.#limits.mcpSessionsPerUser
    if (own.length < limit) return
    const [longest] = own.filter(({ busy }) => busy === 0).sort((one, other) => one.usedAt - other.usedAt)
    if (!longest)
      throw new AppError('RATE_LIMITED', `At most ${limit} sessions can be open at once.`, {
        ...{ limit, actual: own.length + 1, limitName: 'mcpSessionsPerUser', retryAfterMs: 60_000 },
      })
    this.remove(longest.id)
  }

  add(id: string, viewer: Viewer, served: T): Session<T> {
    const session = { id, served, userId: viewer.id, scopes: rights(viewer), busy: 0, usedAt: Date.now() }
    this.#sessions.set(id, session)
    return session
  }

  remove(id: string): void {
    const session = this.#sessions.get(id)
    if (!session) return
    this.#sessions.delete(id)
    void this.#end(session.served).catch(() => {})
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    const all = [...this.#sessions.values()]
    this.#sessions.clear()
    await Promise.all(all.map(({ served }) => this.#end(served)))
  }

  #endIdle(): void {
    const since = Date.now() - this.#limits.mcpIdleMinutes * 60_000
    for (const { id, busy, usedAt } of this.#sessions.values()) if (busy === 0 && usedAt < since) this.remove(id)
  }
}

const rights = ({ scopes }: Viewer) => scopes.toSorted().join(' ')
