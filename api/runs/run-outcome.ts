import { noteAway } from '../outage.ts'
import { RunError, type RunFailure } from './run-failure.ts'
import type { Outcome, StepKeeper } from './step-keeper.ts'

/** A limit, or a failure in the middle of a sentence, interrupts; a failure before anything was said fails. */
export function statusOf(failure: RunFailure, keeper: Pick<StepKeeper, 'saying'>): Outcome['status'] {
  return keeper.saying || limitCodes.has(failure.code) ? 'INTERRUPTED' : 'FAILED'
}

const limitCodes = new Set<RunFailure['code']>(['STEP_LIMIT', 'RUN_TIMEOUT', 'OUTPUT_LIMIT', 'SERVER_RESTARTED'])

export const tookTooLong: RunFailure = { code: 'RUN_TIMEOUT', message: 'The answer took too long.', retryable: true }

export const serverRestarted: RunFailure = {
  code: 'SERVER_RESTARTED',
  message: 'The server restarted too often while it worked on this answer.',
  retryable: true,
}

/** What goes wrong in the loop, as the run keeps it; the log has the reason. */
export function failureOf(error: unknown): RunFailure {
  if (error instanceof RunError) {
    if (error.cause) console.error(`model: ${error.code}: ${describe(error.cause)}`)
    return error.failure
  }
  if (!noteAway(error)) console.error(`run: ${describe(error)}`)
  return { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong on the server.', retryable: true }
}

/** Errors of the embedded database carry kilobytes of code: only what they say is logged. */
function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).slice(0, 2_000) : String(error)
}
