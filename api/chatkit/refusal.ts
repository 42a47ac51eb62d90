import { randomUUID } from 'node:crypto'
import { AppError, type ErrorCode } from '../errors.ts'
import type { ThreadEvent } from './protocol.ts'

/** A refusal as JSON. What nobody foresaw is masked, and logged under the id that the answer names. */
export function refusal(error: unknown): Response {
  const { code, message, details } = known(error) ?? masked
  const errorId = randomUUID()
  if (!known(error)) console.error(`ChatKit error ${errorId}:`, error)
  return Response.json(
    { error: { code, message, errorId, ...details } },
    { status: statuses[code], headers: { 'cache-control': 'no-store', ...hints(code, details.retryAfterMs) } },
  )
}

const known = (error: unknown): AppError | null => (error instanceof AppError ? error : null)

const masked = new AppError('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.')

function hints(code: ErrorCode, retryAfterMs: number | undefined): Record<string, string> {
  return {
    ...(statuses[code] === 401 && { 'www-authenticate': 'Bearer' }),
    ...(code === 'METHOD_NOT_ALLOWED' && { allow: 'POST' }),
    ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
  }
}

const statuses: Record<ErrorCode, number> = {
  UNAUTHENTICATED: 401,
  SESSION_EXPIRED: 401,
  FORBIDDEN: 403,
  CSRF_REJECTED: 403,
  NOT_FOUND: 404,
  BAD_USER_INPUT: 400,
  QUERY_TOO_COMPLEX: 400,
  CONFLICT: 409,
  RUN_ACTIVE: 409,
  IDEMPOTENCY_KEY_REUSED: 409,
  RESYNC_REQUIRED: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  METHOD_NOT_ALLOWED: 405,
  RATE_LIMITED: 429,
  QUOTA_EXCEEDED: 429,
  OVERLOADED: 503,
  DRAINING: 503,
  STORAGE_UNAVAILABLE: 503,
  AUTH_UNAVAILABLE: 503,
  SLOW_CONSUMER: 503,
  MAX_AGE: 503,
  STORAGE_FULL: 507,
  INTERNAL_SERVER_ERROR: 500,
}

/**
 * Whether a message that was not taken is refused before the stream. Everything else is told in the stream: ChatKit
 * would repeat the request in silence for half a minute before it shows anything.
 */
export function isRefusedBeforeStream(error: unknown): boolean {
  const status = statuses[known(error)?.code ?? 'INTERNAL_SERVER_ERROR']
  return [400, 401, 403, 404].includes(status)
}

/** The message was not taken; sending it again may help, or not. */
export function notSent(error: unknown): ThreadEvent {
  const refused = known(error)
  if (!refused) return unforeseen(error)
  const hopeless = refused.code === 'STORAGE_FULL' || refused.code === 'QUOTA_EXCEEDED'
  return { type: 'error', code: 'custom', message: refused.message, allow_retry: !hopeless }
}

/** The stream broke, the answer did not: it goes on, so there is nothing to try again. */
export function lostSight(error: unknown): ThreadEvent {
  const refused = known(error)
  if (!refused) return unforeseen(error)
  const gone = refused.code === 'NOT_FOUND'
  const message = gone
    ? refused.message
    : 'The connection was interrupted. The answer goes on: open this chat again to see it.'
  return { type: 'error', code: 'custom', message, allow_retry: false }
}

function unforeseen(error: unknown): ThreadEvent {
  console.error(`ChatKit error ${randomUUID()}:`, error)
  return { type: 'error', code: 'stream.error', allow_retry: true }
}
