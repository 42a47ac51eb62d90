import type { Viewer } from '../auth/viewer.ts'
import { AppError } from '../errors.ts'
import type { ThreadEvent } from './protocol.ts'
import { lostSight } from './refusal.ts'
import type { ChatkitWords } from './words.ts'

/** So often a stream looks whether its reader may still read. */
const lookMs = 30_000

export type StillSignedIn = (viewer: Viewer) => Promise<boolean>

type Reader = { viewer: Viewer; stillSignedIn: StillSignedIn; words: ChatkitWords }

/**
 * The events, until the reader's session or key is gone: then one that says so, and no more. The source is given a
 * signal of its own, which aborts as soon as nobody reads or may read. The answer goes on either way.
 */
export async function* whileSignedIn(
  source: (signal: AbortSignal) => AsyncGenerator<ThreadEvent, void>,
  { viewer, stillSignedIn, words }: Reader,
  signal: AbortSignal,
): AsyncGenerator<ThreadEvent, void> {
  const over = new AbortController()
  let ended = false
  const timer = setInterval(async () => {
    ended ||= !(await stillSignedIn(viewer).catch(() => true))
    if (ended) over.abort()
  }, lookMs).unref()
  try {
    for await (const event of source(AbortSignal.any([signal, over.signal]))) {
      if (ended) break
      yield event
    }
    if (ended) yield lostSight(new AppError('SESSION_EXPIRED', 'The credential has ended.'), words)
  } finally {
    clearInterval(timer)
    over.abort()
  }
}
