import { AppError } from '../errors.ts'
import type { Context } from './context.ts'

type StreamContext = Pick<Context, 'request' | 'places' | 'viewer' | 'stillSignedIn' | 'limits'>

/** So often a stream looks whether it may go on. */
const lookMs = 30_000

/**
 * Opens a stream for the reader of this request. It ends at once when the reader leaves, also while it waits and when it
 * has not begun; and with an error that says why when the session is gone or the stream has reached its age. Rejects as
 * `open` does, before the first event.
 */
export async function openStream<T>(
  context: StreamContext,
  open: (signal: AbortSignal) => Promise<AsyncGenerator<T, void>>,
): Promise<AsyncIterable<T>> {
  const over = new AbortController()
  const signal = AbortSignal.any([context.request.signal, over.signal])
  const giveBack = context.places.take(context.viewer.id)
  if (signal.aborted) giveBack()
  else signal.addEventListener('abort', giveBack, { once: true })
  const events = await open(signal).catch((error: unknown) => {
    over.abort()
    throw error
  })
  const openedAt = Date.now()
  let reason: AppError | null = null
  const timer = setInterval(async () => {
    reason ??= await whyEnd(context, openedAt).catch(() => null)
    if (reason) over.abort()
  }, lookMs).unref()
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  const iterator: AsyncIterator<T, void> = {
    async next() {
      const next = await events.next().catch((error: unknown) => {
        over.abort()
        throw error
      })
      if (!next.done) return next
      over.abort()
      // Where everything ends because its owner is gone, there is nothing that was done.
      reason ??= (await context.stillSignedIn(context.viewer, 'now').catch(() => true)) ? null : sessionExpired()
      if (reason) throw reason
      return next
    },
    // A generator that waits cannot be ended from outside: the signal wakes it first.
    async return() {
      over.abort()
      return events.return()
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}

const sessionExpired = () =>
  new AppError('SESSION_EXPIRED', 'The credential has ended. Sign in again and go on behind the last cursor.')

async function whyEnd({ viewer, stillSignedIn, limits }: StreamContext, openedAt: number): Promise<AppError | null> {
  const expired = viewer.expiresAt !== undefined && viewer.expiresAt.getTime() <= Date.now()
  if (expired || !(await stillSignedIn(viewer))) return sessionExpired()
  if (Date.now() - openedAt >= limits.streamMinutes * 60_000)
    return new AppError('MAX_AGE', 'The stream has reached its longest age. Go on behind the last cursor.')
  return null
}
