import { randomUUID } from 'node:crypto'
import { AppError, type ErrorCode, httpStatus } from '../errors.ts'
import { storageProblem } from '../outage.ts'
import type { ThreadEvent } from './protocol.ts'
import type { ChatkitWords } from './words.ts'

/** A refusal as JSON. What nobody foresaw is masked, and logged under the id that the answer names. */
export function refusal(error: unknown): Response {
  const errorId = randomUUID()
  const known = error instanceof AppError ? error : storageProblem(error)
  if (!known) log(errorId, error)
  const { code, message, details } = known ?? masked
  const { retryAfterMs } = details
  return Response.json(
    { error: { code, message, errorId, ...details } },
    {
      status: httpStatus[code],
      headers: {
        'cache-control': 'no-store',
        ...(httpStatus[code] === 401 && { 'www-authenticate': 'Bearer' }),
        ...(code === 'METHOD_NOT_ALLOWED' && { allow: 'POST' }),
        ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
      },
    },
  )
}

const masked = new AppError('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.')

/**
 * Whether a message that was not taken is refused before the stream. Everything else is told in the stream: ChatKit
 * would repeat the request in silence for half a minute before it shows anything.
 */
export function isRefusedBeforeStream(error: unknown): boolean {
  return error instanceof AppError && [400, 401, 403, 404].includes(httpStatus[error.code])
}

/** Nothing is wrong with the request: a moment later it may be taken. */
export function isPassing(error: unknown): error is AppError {
  return error instanceof AppError && [429, 503].includes(httpStatus[error.code])
}

/** Sending the same again is refused again. */
const hopeless = new Set<ErrorCode>(['STORAGE_FULL', 'QUOTA_EXCEEDED', 'CONFLICT', 'IDEMPOTENCY_KEY_REUSED'])

/** The request was not taken; sending it again may help, or not. */
export function notSent(error: unknown, words: ChatkitWords): ThreadEvent {
  if (!(error instanceof AppError)) return unforeseen(error, words)
  const message = words.error(error.code, error.message)
  return { type: 'error', code: 'custom', message, allow_retry: !hopeless.has(error.code) }
}

/** The stream broke, the answer did not: it goes on, so there is nothing to try again. */
export function lostSight(error: unknown, words: ChatkitWords): ThreadEvent {
  if (!(error instanceof AppError)) return unforeseen(error, words)
  const message = error.code === 'NOT_FOUND' ? words.error(error.code, error.message) : words.lostSight
  return { type: 'error', code: 'custom', message, allow_retry: false }
}

/** Not as `stream.error`: for that ChatKit shows a sentence of its own, in which the id has no place. */
function unforeseen(error: unknown, words: ChatkitWords): ThreadEvent {
  const known = storageProblem(error)
  const { code, message } = known ?? masked
  const said = words.error(code, message)
  if (known) return { type: 'error', code: 'custom', message: said, allow_retry: true }
  const errorId = randomUUID()
  log(errorId, error)
  return { type: 'error', code: 'custom', message: `${said} (${errorId})`, allow_retry: true }
}

/** Without causes: those of the database hold what people wrote. */
function log(errorId: string, error: unknown): void {
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : []
  const [message] = String(error).slice(0, 500).split('\n')
  console.error([`ChatKit error ${errorId}: ${message}`, ...frames.slice(0, 20)].join('\n'))
}
