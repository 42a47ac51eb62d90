import type { z } from 'zod'
import { RunError } from '../run-failure.ts'

/** The chunk as this shape; throws MODEL_BAD_RESPONSE when it is something else. */
export function shaped<T>(shape: z.ZodType<T>, chunk: unknown): T {
  const { success, data, error } = shape.safeParse(chunk)
  if (success) return data
  throw badResponse(`unreadable chunk: ${JSON.stringify(chunk)?.slice(0, 500)}`, error)
}

/** `detail` is for the operator's log. */
export function badResponse(detail: string, cause?: unknown): RunError {
  return new RunError('MODEL_BAD_RESPONSE', 'The model sent something that could not be understood.', {
    cause: new Error(detail, { cause }),
  })
}

/** The stream is over without having said so. */
export function streamCut(cause: unknown): RunError {
  return new RunError('MODEL_STREAM_CUT', 'The connection to the model broke off before the answer was complete.', {
    cause,
  })
}

/** What the next chunk may take its time for: `thinking` patiently, `speaking` not long, `over` hardly. */
export type Phase = 'thinking' | 'speaking' | 'over'
