import { AppError } from '../errors.ts'
import type { Limits } from '../limits.ts'

/** Places for open streams and downloads in this process: so many per user, and so many in all. */
export class StreamPlaces {
  readonly #limits: Pick<Limits, 'subscriptionsPerUser' | 'subscriptions'>
  readonly #taken = new Map<string, number>()
  #all = 0

  constructor(limits: Pick<Limits, 'subscriptionsPerUser' | 'subscriptions'>) {
    this.#limits = limits
  }

  /** Takes one, to be given back once. Throws RATE_LIMITED, or OVERLOADED when the house is full. */
  take(userId: string): () => void {
    const { subscriptionsPerUser, subscriptions } = this.#limits
    const own = (this.#taken.get(userId) ?? 0) + 1
    if (own > subscriptionsPerUser)
      throw new AppError('RATE_LIMITED', `You have ${subscriptionsPerUser} streams open: close one first.`, {
        ...{ limitName: 'subscriptionsPerUser', limit: subscriptionsPerUser, actual: own, retryAfterMs: 1_000 },
      })
    if (this.#all >= subscriptions)
      throw new AppError('OVERLOADED', 'Too many streams are open right now. Try again in a moment.', {
        ...{ limitName: 'subscriptions', limit: subscriptions, actual: this.#all + 1, retryAfterMs: 2_000 },
      })
    this.#taken.set(userId, own)
    this.#all++
    return () => this.#giveBack(userId)
  }

  #giveBack(userId: string): void {
    this.#all--
    const left = (this.#taken.get(userId) ?? 1) - 1
    if (left > 0) this.#taken.set(userId, left)
    else this.#taken.delete(userId)
  }
}
