import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { boundedBody } from './bounded-body.ts'
import { foreignPage } from './foreign.ts'
import type { Origins } from './origins.ts'
import { createSignInLimits, type SignInLimits } from './sign-in-limits.ts'
import { toldRefusal, withErrorId } from './told-refusal.ts'
import type { Tries } from './tries.ts'

export type AccountRoutesParts = {
  /** Better Auth. */
  handler(request: Request): Promise<Response>
  origins: Origins
  limits: SignInLimits & Pick<Limits, 'bodyBytes'>
  /** Where requests without a session are counted, by address. */
  strangers: Tries
  /** Whose session these headers carry, if it is one. */
  userOf(headers: Headers): Promise<string | null>
  /** What pages must know before anybody is signed in. */
  options: { mail: boolean; providers: { id: string; name: string }[] }
  /** Something was signed in, out or changed. `ended`: it may be that somebody is not let in any more. */
  onChange(ended: boolean): void
}

/** Names, addresses, passwords: no body of these routes needs more. */
const longestBody = 65_536

const optionsPath = '/api/auth/options'

/** To where other servers lead the browser back; some let it post a form there, of which nothing is taken but its fields. */
const comesBack = /^\/api\/auth\/callback\//
const formType = 'application/x-www-form-urlencoded'

/** By these somebody comes in, and nobody goes out. */
const comesIn = /^\/api\/auth\/(?:sign-in|sign-up|callback)\//

/** Whether there is an account must not be heard from how long it takes to look it up. */
const asks = /\/request-password-reset\/*$/i
const askMs = 250

/** Where the client's address stands for Better Auth: set by us, never by the client. */
export const addressHeader = 'x-parley-client-address'

/** Serves `/api/auth/*`: what stands before Better Auth. Never rejects: a refusal is an answer. */
export function createAccountRoutes(parts: AccountRoutesParts) {
  const { handler, origins, limits, userOf, options, onChange } = parts
  const note = createSignInLimits(limits, parts.strangers)
  return async (request: Request, address: string | undefined): Promise<Response> => {
    try {
      const reads = request.method === 'GET' || request.method === 'HEAD'
      const origin = request.headers.get('origin')
      if (!reads && origin !== null && !origins(origin, request)) throw foreignPage(request)
      const body = reads ? null : await boundedBody(request, Math.min(longestBody, limits.bodyBytes))
      const { pathname } = new URL(request.url)
      if (reads && pathname === optionsPath) return Response.json(options, { headers: { 'cache-control': 'no-store' } })
      if (body) checkType(request, pathname)
      await note({ path: pathname, email: emailIn(body), user: () => userOf(request.headers), address })
      const answer = handler(rebuilt(request, body, address))
      const [response] = await Promise.all([answer, asks.test(pathname) && sleep(askMs)])
      if (!reads) onChange(response.ok && !comesIn.test(pathname))
      return await withErrorId(response)
    } catch (error) {
      return toldRefusal(error)
    }
  }
}

/** What is read here before Better Auth reads it must mean the same to both. */
function checkType({ headers }: Request, pathname: string): void {
  const [type = ''] = (headers.get('content-type') ?? '').split(';')
  const given = type.trim().toLowerCase()
  if (given === 'application/json' || (given === formType && comesBack.test(pathname))) return
  throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON: content-type application/json.')
}

function emailIn(body: string | null): unknown {
  try {
    const { email }: { email?: unknown } = JSON.parse(body ?? '{}')
    return email
  } catch {
    return undefined
  }
}

function rebuilt({ url, method, headers: given, signal }: Request, body: string | null, address?: string): Request {
  const headers = new Headers(given)
  headers.delete(addressHeader)
  headers.delete('content-length')
  if (address !== undefined) headers.set(addressHeader, address)
  // Part by part: what the server hands in looks like a Request, but Node's own constructor does not take it for one.
  return new Request(url, { method, headers, signal, ...(body !== null && body !== '' && { body }) })
}
