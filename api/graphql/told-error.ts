import { randomUUID } from 'node:crypto'
import { GraphQLError } from 'graphql'
import { AppError, type ErrorCode, httpStatus } from '../errors.ts'
import { storageProblem } from '../outage.ts'

/**
 * The one table of this door: any error as the caller is told it, with `code` and `errorId` in its extensions. Refusals
 * keep their words, mistakes in the document and its variables too; everything else is masked, and logged under its id.
 */
export function toldError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError && typeof error.extensions.errorId === 'string') return error
  const refusal = refusalIn(error)
  if (refusal) return withCode(error, refusal.code, refusal.message, { ...refusal.details })
  if (error instanceof GraphQLError) {
    const code = documentCode(error) ?? (isBadValue(error) ? 'BAD_USER_INPUT' : null)
    if (code) return withCode(error, code, error.message)
  }
  const told = withCode(error, 'INTERNAL_SERVER_ERROR', 'Something went wrong on our side.')
  console.error(`GraphQL error ${String(told.extensions.errorId)}: ${describe(error)}`)
  return told
}

type Code = ErrorCode | 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED'

function withCode(error: unknown, code: Code, message: string, details: Record<string, unknown> = {}): GraphQLError {
  const { nodes, source, positions, path, extensions } = error instanceof GraphQLError ? error : {}
  return new GraphQLError(message, {
    nodes,
    source,
    positions,
    path,
    extensions: { code, errorId: randomUUID(), ...details, ...(!path && { http: httpOf(code, extensions?.http) }) },
  })
}

/**
 * Errors of a field come with 200; those of the whole request have a status. `spec`: 200 for those who only take
 * application/json, as the GraphQL-over-HTTP draft asks for what is wrong in a document or its variables; a request that is
 * none is 400 for all. Yoga strips this before it answers.
 */
function httpOf(code: Code, given: unknown): Record<string, unknown> {
  const isDocument = code === 'GRAPHQL_PARSE_FAILED' || code === 'GRAPHQL_VALIDATION_FAILED'
  const spec = isDocument || (code === 'BAD_USER_INPUT' && given === undefined)
  const own = { status: isDocument ? 400 : httpStatus[code], ...(spec && { spec }) }
  return typeof given === 'object' && given !== null ? { ...own, ...given, spec } : own
}

function refusalIn(error: unknown): AppError | null {
  if (error instanceof AppError) return error
  const problem = storageProblem(error)
  if (problem) return problem
  return error instanceof GraphQLError && error.originalError ? refusalIn(error.originalError) : null
}

/** What yoga says of requests, in our words. */
function documentCode({ extensions: { code, http } }: GraphQLError): Code | null {
  if (code === 'GRAPHQL_PARSE_FAILED' || code === 'GRAPHQL_VALIDATION_FAILED') return code
  if (typeof code !== 'string') return null
  const status = typeof http === 'object' && http !== null && 'status' in http ? http.status : null
  if (status === 405) return 'METHOD_NOT_ALLOWED'
  return status === 413 ? 'PAYLOAD_TOO_LARGE' : 'BAD_USER_INPUT'
}

/** A variable or an argument that its type does not take, as opposed to a resolver that gave a wrong value. */
function isBadValue({ originalError, path }: GraphQLError): boolean {
  if (originalError && !(originalError instanceof GraphQLError)) return false
  return path === undefined || originalError?.nodes !== undefined
}

/** Without causes: errors of the embedded database drag its whole program along, those of SQL what people wrote. */
function describe(error: unknown): string {
  const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error
  if (!(cause instanceof Error)) return String(cause).slice(0, 500)
  const frames = (cause.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return [`${cause.name}: ${cause.message.slice(0, 500)}`, ...frames.slice(0, 20)].join('\n').slice(0, 4_000)
}
