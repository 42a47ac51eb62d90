import { randomUUID } from 'node:crypto'
import { AppError, type ErrorCode, httpStatus } from '../errors.ts'
import { storageProblem } from '../outage.ts'

/**
 * A refusal as JSON, of the routes of sign-in and of whoever has no other form for it; what nobody foresaw is masked, and
 * logged under the id that it names.
 */
export function toldRefusal(error: unknown, door = 'auth', headers: Record<string, string> = {}): Response {
  const errorId = randomUUID()
  const known = error instanceof AppError ? error : storageProblem(error)
  if (!known) console.error(`${door} ${errorId}: ${error instanceof Error ? error.message.slice(0, 500) : 'unknown'}`)
  const { code, message, details } = known ?? masked
  const seconds = details.retryAfterMs === undefined ? null : String(Math.ceil(details.retryAfterMs / 1_000))
  const told = { code, message, errorId, ...details }
  return Response.json(
    { ...told, error: told },
    {
      status: httpStatus[code],
      headers: { 'cache-control': 'no-store', ...(seconds && { 'retry-after': seconds }), ...headers },
    },
  )
}

const masked = new AppError('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.')

const codes: Readonly<Record<number, ErrorCode>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
}

/** What Better Auth refuses in words of its own keeps them, and gets the code of ours and an id besides. */
export async function withErrorId(response: Response): Promise<Response> {
  if (response.status < 400) return response
  const text = await response.text()
  const own = bodyOf(text)
  if (response.status >= 500) return toldRefusal(new Error(String(own.message ?? response.status)))
  const code = codes[response.status] ?? 'BAD_USER_INPUT'
  const message = typeof own.message === 'string' ? own.message : 'This cannot be done.'
  const errorId = randomUUID()
  const headers = new Headers(response.headers)
  headers.delete('content-length')
  headers.set('content-type', 'application/json')
  const body = { code, message, ...own, errorId, error: { code, message, errorId } }
  return new Response(JSON.stringify(body), { status: response.status, headers })
}

function bodyOf(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? { ...body } : {}
  } catch {
    return {}
  }
}
