/** Codes of refused requests: `extensions.code` in GraphQL, `code` in JSON answers. The names are a public contract. */
export type ErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'BAD_USER_INPUT'
  | 'CONFLICT'
  | 'RUN_ACTIVE'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'QUERY_TOO_COMPLEX'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'METHOD_NOT_ALLOWED'
  | 'MISDIRECTED_REQUEST'
  | 'CSRF_REJECTED'
  | 'RATE_LIMITED'
  | 'QUOTA_EXCEEDED'
  | 'OVERLOADED'
  | 'DRAINING'
  | 'STORAGE_UNAVAILABLE'
  | 'STORAGE_FULL'
  | 'AUTH_UNAVAILABLE'
  | 'SESSION_EXPIRED'
  | 'SLOW_CONSUMER'
  | 'MAX_AGE'
  | 'RESYNC_REQUIRED'
  | 'INTERNAL_SERVER_ERROR'

/** What a caller may know about a refusal besides its code. */
export type ErrorDetails = {
  /** Path of the member that is wrong, such as `['input', 'content']`. */
  field?: string[]
  reason?: string
  runId?: string
  limit?: number
  actual?: number
  retryAfterMs?: number
  limitName?: string
  requiredScope?: string
}

/** A refusal that the caller may read: the message is plain and holds no internals. Every door translates it in one place. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message)
    this.code = code
    this.details = details
  }
}

/** Unknown and foreign are one case: the same code, the same words. */
export function notFound(noun: string): AppError {
  return new AppError('NOT_FOUND', `There is no such ${noun}.`)
}

export function badInput(field: string[], reason: string): AppError {
  return new AppError('BAD_USER_INPUT', `${field.at(-1) ?? 'Input'}: ${reason}`, { field, reason })
}

/** The database is away: the same again may well succeed. */
export function storageUnavailable(): AppError {
  return new AppError('STORAGE_UNAVAILABLE', 'The database cannot be reached. Try again in a moment.', {
    retryAfterMs: 1_000,
  })
}

/** The disk under the database, or its floor, is reached: reading goes on. */
export function storageFull(): AppError {
  return new AppError(
    'STORAGE_FULL',
    'The server has no room left: nothing new can be stored. What is there can be read.',
  )
}

/** What each code is in HTTP, at every door. */
export const httpStatus: Readonly<Record<ErrorCode, number>> = {
  BAD_USER_INPUT: 400,
  QUERY_TOO_COMPLEX: 400,
  UNAUTHENTICATED: 401,
  SESSION_EXPIRED: 401,
  FORBIDDEN: 403,
  CSRF_REJECTED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  RUN_ACTIVE: 409,
  IDEMPOTENCY_KEY_REUSED: 409,
  RESYNC_REQUIRED: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  MISDIRECTED_REQUEST: 421,
  RATE_LIMITED: 429,
  QUOTA_EXCEEDED: 429,
  INTERNAL_SERVER_ERROR: 500,
  OVERLOADED: 503,
  DRAINING: 503,
  STORAGE_UNAVAILABLE: 503,
  AUTH_UNAVAILABLE: 503,
  SLOW_CONSUMER: 503,
  MAX_AGE: 503,
  STORAGE_FULL: 507,
}
