import { RunError } from '../run-failure.ts'
import { longestWaitMs, ProviderError } from './failures.ts'

type Reader = { get(name: string): string | null }

/** How long the provider asks to wait, in milliseconds; null when it says nothing that can be read. */
export function retryAfter(headers: Reader, now: number): number | null {
  const milliseconds = Number.parseFloat(headers.get('retry-after-ms') ?? '')
  if (milliseconds >= 0) return milliseconds
  const told = headers.get('retry-after')?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(told)) return Number(told) * 1000
  const date = /\d{4}/.test(told) ? Date.parse(told) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

/**
 * How long to wait before asking again, in milliseconds; null: not again. `attempt` counts from 0, `random` is in 0..1
 * and spreads those who were refused together.
 */
export function waitBeforeRetry(
  error: unknown,
  { attempt, retries, random }: { attempt: number; retries: number; random: number },
): number | null {
  if (!(error instanceof RunError) || !error.retryable || attempt >= most(error, retries)) return null
  const told = error instanceof ProviderError ? error.waitMs : null
  if (told === null) return 500 * 2 ** attempt * (0.5 + random / 2)
  return told > longestWaitMs ? null : told + 250 * random
}

function most(error: RunError, retries: number): number {
  if (error.code === 'MODEL_RATE_LIMITED' || error.code === 'MODEL_UNAVAILABLE') return retries
  // It may have worked on the answer already, so this is not repeated for long.
  return error.code === 'MODEL_STREAM_CUT' ? Math.min(1, retries) : 0
}
