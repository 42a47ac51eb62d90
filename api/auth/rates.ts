import { AppError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { Units } from './units.ts'
import type { Viewer } from './viewer.ts'

/** What is counted, each by a limit of its own. */
export type Counted = 'requestsPerMinute' | 'costPerMinute' | 'sendsPerMinute'

export type Budget = { limit: number; remaining: number; resetAt: Date }

/** Gives up to so much of a limit that all processes share, and says how much of it is given out by then. */
export type Draw = (viewer: Viewer, bucket: string, drawn: Drawn) => Promise<{ granted: number; given: number }>

export type Drawn = { windowAt: Date; amount: number; limit: number }

type Bucket = { used: number; granted: number; given: number; exhausted: boolean; drawing: Promise<void> }

const windowMs = 60_000

/** So often a process comes for more within a minute, at most: a limit is drawn in slices. */
const slices = 20

/**
 * How much each credential has used up in this minute. A key has buckets of its own, with the limits of its user; what
 * costs the operator money is counted per user, whatever credential it comes with.
 */
export class Rates {
  readonly #limits: Pick<Limits, Counted>
  readonly #draw: Draw | undefined
  readonly #buckets = new Map<string, Bucket>()
  #windowAt = 0

  /** Without `draw` this process is the only one. */
  constructor(limits: Pick<Limits, Counted>, draw?: Draw) {
    this.#limits = limits
    this.#draw = draw
  }

  /** Uses up so much, or throws RATE_LIMITED and uses nothing. Gives what is left. */
  async take(viewer: Viewer, counted: Counted, amount = 1): Promise<Budget> {
    const limit = this.#limits[counted]
    const name = counted === 'sendsPerMinute' || !viewer.keyId ? counted : `${counted} ${viewer.keyId}`
    const bucket = this.#bucket(`${viewer.id} ${name}`)
    if (bucket.used + amount > bucket.granted) {
      bucket.drawing = bucket.drawing.then(() => this.#fill(bucket, viewer, name, limit, amount))
      await bucket.drawing
    }
    const resetAt = new Date(this.#windowAt + windowMs)
    if (bucket.used + amount > bucket.granted) throw tooFast(counted, limit, bucket.used + amount, resetAt)
    bucket.used += amount
    return { limit, remaining: Math.max(0, limit - bucket.given + bucket.granted - bucket.used), resetAt }
  }

  #bucket(id: string): Bucket {
    const windowAt = Math.floor(Date.now() / windowMs) * windowMs
    if (windowAt !== this.#windowAt) this.#buckets.clear()
    this.#windowAt = windowAt
    const bucket = this.#buckets.get(id) ?? {
      ...{ used: 0, granted: 0, given: 0, exhausted: false, drawing: Promise.resolve() },
    }
    this.#buckets.set(id, bucket)
    return bucket
  }

  async #fill(bucket: Bucket, viewer: Viewer, name: string, limit: number, amount: number): Promise<void> {
    const missing = bucket.used + amount - bucket.granted
    if (missing <= 0 || bucket.exhausted) return
    if (!this.#draw) {
      bucket.granted = bucket.given = limit
      bucket.exhausted = true
      return
    }
    const wanted = Math.max(missing, Math.ceil(limit / slices))
    const windowAt = new Date(this.#windowAt)
    const drawn = await this.#draw(viewer, name, { windowAt, amount: wanted, limit }).catch(() => {
      // What cannot be counted is let through: without the database there is nothing to get at.
      return { granted: wanted, given: bucket.given }
    })
    bucket.granted += drawn.granted
    bucket.given = drawn.given
    bucket.exhausted = drawn.granted < wanted
  }
}

function tooFast(limitName: Counted, limit: number, actual: number, resetAt: Date): AppError {
  const retryAfterMs = Math.max(1, resetAt.getTime() - Date.now())
  return new AppError('RATE_LIMITED', 'Too much in too short a time. Wait a moment.', {
    ...{ limitName, limit, actual, retryAfterMs },
  })
}

/** From the table that all processes share: one statement per slice, the rows of past minutes go with it. */
export function drawFrom(units: Units): Draw {
  return async (viewer, bucket, { windowAt, amount, limit }) => {
    const rows = await units.as(viewer).execute<{ granted: number; used: number }[]>(
      `with past as (delete from rate_bucket where user_id = ? and bucket <> ? and window_at < ?)
       insert into rate_bucket as b (user_id, bucket, window_at, used, granted)
       values (?, ?, ?, least(?::int, ?::int), least(?::int, ?::int))
       on conflict (user_id, bucket) do update set
         window_at = excluded.window_at,
         used = case when b.window_at < excluded.window_at then excluded.used else least(?::int, b.used + ?::int) end,
         granted = case when b.window_at < excluded.window_at then excluded.granted else least(?::int, b.used + ?::int) - b.used end
       returning granted, used`,
      [
        ...[viewer.id, bucket, windowAt],
        ...[viewer.id, bucket, windowAt, amount, limit, amount, limit],
        ...[limit, amount, limit, amount],
      ],
    )
    const [row] = rows
    return { granted: row?.granted ?? 0, given: row?.used ?? limit }
  }
}
