import { AppError } from '../errors.ts'
import type { Context } from './context.ts'

/** Node's timers do not know longer times. */
const longestMs = 2 ** 31 - 1

/**
 * A stream that outlives neither the credential that opened it nor the longest age of a stream: then it ends with an
 * error that says so, and the reader goes on behind its last cursor. When the reader leaves, the signal given to `open`
 * aborts and the stream ends quietly. Rejects as `open` does, before the first event.
 */
export async function untilExpiry<T>(
  { request, viewer, limits }: Pick<Context, 'request' | 'viewer' | 'limits'>,
  open: (signal: AbortSignal) => Promise<AsyncGenerator<T, void>>,
): Promise<AsyncGenerator<T, void>> {
  const ageMs = limits.streamMinutes * 60_000
  const credentialMs = (viewer.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) - Date.now()
  const expiry = AbortSignal.timeout(Math.max(0, Math.min(ageMs, credentialMs, longestMs)))
  const events = await open(AbortSignal.any([request.signal, expiry]))
  return (async function* () {
    yield* events
    if (!expiry.aborted || request.signal.aborted) return
    throw credentialMs < ageMs
      ? new AppError('SESSION_EXPIRED', 'The credential has expired. Sign in again and go on behind the last cursor.')
      : new AppError('MAX_AGE', 'The stream has reached its longest age. Go on behind the last cursor.')
  })()
}
