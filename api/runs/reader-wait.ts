import { setTimeout as sleep } from 'node:timers/promises'
import type { Viewer } from '../auth/viewer.ts'
import type { Bell, Listener } from '../bell/bell.ts'
import { AppError } from '../errors.ts'
import { noteAway } from '../outage.ts'

/** The bell can miss a ring between processes: so often a waiting reader looks by itself. */
export const pollMs = 5_000

/** So long a stream stays open while the database is away. */
const patienceMs = 30_000
const retryMs = 500

export type WaitParts = {
  bell: Bell
  /** Aborts when this process stops serving readers, or has lost the database for too long. */
  draining: AbortSignal
  streamMinutes: number
}

/** Waits for news of a conversation, and knows when a reader's time is over. */
export class ReaderWait {
  #listener: Listener
  #look = false
  #lookedAt = performance.now()
  #deadline: number
  #expires: number
  #signal: AbortSignal
  #draining: AbortSignal

  constructor(
    { bell, draining, streamMinutes }: WaitParts,
    viewer: Viewer,
    conversationId: string,
    signal: AbortSignal,
  ) {
    this.#signal = signal
    this.#draining = draining
    this.#expires = viewer.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY
    this.#deadline = Date.now() + streamMinutes * 60_000
    this.#listener = bell.listen(`conversation:${conversationId}`, AbortSignal.any([signal, draining]))
  }

  async next(longestMs: number): Promise<void> {
    const ms = Math.min(longestMs, Math.max(0, Math.min(this.#deadline, this.#expires) - Date.now()))
    const hints = await this.#listener.next(ms)
    if (hints.includes('updated')) this.#look = true
  }

  /** The work, again and again while the database is away for a moment: that is no end of a stream. */
  async patiently<T>(work: () => Promise<T>): Promise<T> {
    const since = performance.now()
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!noteAway(error) || this.over()) throw error
        if (performance.now() - since > patienceMs) throw storageUnavailable()
        await sleep(retryMs, undefined, { signal: this.#signal }).catch(() => {})
      }
    }
  }

  /** Whether the conversation itself should be looked at again: it was told, or not for so long that it may have been missed. */
  takeLook(): boolean {
    const now = performance.now()
    if (!this.#look && now - this.#lookedAt < pollMs) return false
    this.#look = false
    this.#lookedAt = now
    return true
  }

  /** True when the reader left. Throws when we end the stream: the reader resumes with its last cursor. */
  over(): boolean {
    if (this.#signal.aborted) return true
    if (this.#draining.aborted)
      throw new AppError('DRAINING', 'This server lets go of its readers. Resume with the last cursor.')
    const now = Date.now()
    if (now >= this.#expires) throw new AppError('SESSION_EXPIRED', 'The credential of this stream has ended.')
    if (now >= this.#deadline)
      throw new AppError('MAX_AGE', 'This stream has reached its age. Resume with the last cursor.')
    return false
  }

  close(): void {
    this.#listener.close()
  }
}

function storageUnavailable(): AppError {
  return new AppError('STORAGE_UNAVAILABLE', 'The database cannot be reached. Resume with the last cursor.', {
    retryAfterMs: 1_000,
  })
}
