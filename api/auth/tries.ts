import { AppError, type ErrorDetails } from '../errors.ts'

const remembered = 100_000

/** Counts tries by who makes them, in windows that begin with the first one. In this process, in bounded memory. */
export class Tries {
  readonly #limitName: string
  readonly #limit: number
  readonly #windowMs: number
  readonly #counts = new Map<string, { count: number; until: number }>()

  constructor(limitName: string, limit: number, windowMs: number) {
    this.#limitName = limitName
    this.#limit = limit
    this.#windowMs = windowMs
  }

  /** One more. Throws RATE_LIMITED when it is one too many. */
  note(who: string): void {
    const now = Date.now()
    const known = this.#counts.get(who)
    const entry = known && known.until > now ? known : { count: 0, until: now + this.#windowMs }
    entry.count++
    this.#counts.delete(who)
    if (this.#counts.size >= remembered) this.#counts.delete(this.#counts.keys().next().value ?? '')
    this.#counts.set(who, entry)
    if (entry.count <= this.#limit) return
    const details: ErrorDetails = { limitName: this.#limitName, limit: this.#limit, actual: entry.count }
    throw new AppError('RATE_LIMITED', 'Too many attempts. Try again later.', {
      ...{ ...details, retryAfterMs: entry.until - now },
    })
  }
}
