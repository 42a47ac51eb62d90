import type { Limits } from '../../limits.ts'
import { RunError } from '../run-failure.ts'
import type { Phase } from './chunk-shape.ts'

type Waits = Pick<Limits, 'modelFirstByteSeconds' | 'modelSilenceSeconds'>

/** Nothing that matters comes any more; this only leaves time for token counts and a proper end. */
const afterTheEndSeconds = 2

/**
 * The chunks of a stream as they come. Throws MODEL_TIMEOUT when they stay away, and the reason of `signal` when that
 * aborts; in both cases the signal given to `open` aborts too. Time that the caller takes for a chunk does not count.
 */
export async function* watched(
  open: (signal: AbortSignal) => Promise<AsyncIterable<unknown>>,
  phaseAfter: (chunk: unknown) => Phase,
  limits: Waits,
  signal: AbortSignal,
): AsyncGenerator<unknown, void> {
  const seconds = {
    thinking: limits.modelFirstByteSeconds,
    speaking: limits.modelSilenceSeconds,
    over: afterTheEndSeconds,
  } satisfies Record<Phase, number>
  const stop = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const expect = (phase: Phase) => {
    timer = setTimeout(() => stop.abort(late(seconds[phase])), seconds[phase] * 1000)
  }
  const abort = () => stop.abort(signal.reason)
  signal.throwIfAborted()
  signal.addEventListener('abort', abort, { once: true })
  try {
    let phase: Phase = 'thinking'
    expect(phase)
    for await (const chunk of await open(stop.signal)) {
      clearTimeout(timer)
      stop.signal.throwIfAborted()
      yield chunk
      stop.signal.throwIfAborted()
      if (phase !== 'over') phase = phaseAfter(chunk)
      expect(phase)
    }
    // An aborted stream ends as if all were well.
    stop.signal.throwIfAborted()
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

function late(seconds: number): RunError {
  return new RunError('MODEL_TIMEOUT', 'The model took too long to answer.', {
    cause: new Error(`nothing came for ${seconds} seconds`),
  })
}
