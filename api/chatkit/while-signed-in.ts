import type { Viewer } from '../auth/viewer.ts'
import { AppError } from '../errors.ts'
import type { ThreadEvent } from './protocol.ts'
import { lostSight } from './refusal.ts'

/** So often a stream looks whether its reader may still read. */
const lookMs = 30_000

export type StillSignedIn = (viewer: Viewer) => Promise<boolean>

/**
 * The events, until the reader's session or key is gone: then one that says so, and no more. The source is given a
 * signal of its own, which aborts as soon as nobody reads or may read. The answer goes on either way.
 */
export async function* whileSignedIn(
  source: (signal: AbortSignal) => AsyncGenerator<ThreadEvent, void>,
  viewer: Viewer,
  stillSignedIn: StillSignedIn,
  signal: AbortSignal,
): AsyncGenerator<ThreadEvent, void> {
  const over = new AbortController()
  const { promise: ended, resolve: end } = Promise.withResolvers<'ended'>()
  const timer = setInterval(async () => {
    if (!(await stillSignedIn(viewer).catch(() => true))) end('ended')
  }, lookMs).unref()
  const events = source(AbortSignal.any([signal, over.signal]))
  try {
    for (;;) {
      const next = await Promise.race([events.next(), ended])
      if (next === 'ended') yield lostSight(new AppError('SESSION_EXPIRED', 'The credential has ended.'))
      if (next === 'ended' || next.done) return
      yield next.value
    }
  } finally {
    clearInterval(timer)
    over.abort()
    events.return().catch(() => {})
  }
}
