import { AppError, badInput } from '../errors.ts'
import { foreignPage } from './foreign.ts'
import { isKey } from './key-text.ts'
import type { KnownSession } from './known-sessions.ts'
import type { Origins } from './origins.ts'
import type { TokenReader } from './token.ts'
import { scopes, type Viewer } from './viewer.ts'

/** What it takes to judge a credential. */
export type Judges = {
  readToken: TokenReader
  /** Who holds an API key, if it is still good. */
  readKey(text: string): Promise<Viewer | null>
  /** The session of a token, if it is still there. */
  findSession(id: string): Promise<KnownSession | null>
  /** The session of a cookie, if it is still there. */
  readCookie(headers: Headers): Promise<{ id: string; userId: string; expiresAt: Date } | null>
  origins: Origins
}

/**
 * From a request to a viewer: the only code that reads credentials. A header credential wins, and the cookie is then
 * not looked at. Throws UNAUTHENTICATED, with the same words for every cause; CSRF_REJECTED when a foreign page uses
 * the cookie; BAD_USER_INPUT for two header credentials; AUTH_UNAVAILABLE when credentials cannot be checked.
 */
export async function authenticate(request: Request, judges: Judges): Promise<Viewer> {
  const authorization = request.headers.get('authorization')
  const apiKey = request.headers.get('x-api-key')
  if (authorization !== null && apiKey !== null)
    throw badInput(['authorization'], 'give one credential, either authorization or x-api-key')
  try {
    const viewer =
      authorization !== null || apiKey !== null
        ? await viewerOfHeader(authorization, apiKey, judges)
        : await viewerOfCookie(request, judges)
    if (viewer) return viewer
  } catch (error) {
    throw error instanceof AppError ? error : unavailable(error)
  }
  throw unauthenticated()
}

export const unauthenticated = () => new AppError('UNAUTHENTICATED', 'Sign in, or send a valid credential.')

function unavailable(cause: unknown): AppError {
  return Object.assign(new AppError('AUTH_UNAVAILABLE', 'Credentials cannot be checked right now. Try again soon.'), {
    cause,
  })
}

const bearer = (authorization: string | null) => /^Bearer +([^\s,]+) *$/i.exec(authorization ?? '')?.[1] ?? ''

/** A key is good in both headers, a token in `authorization` alone. */
async function viewerOfHeader(authorization: string | null, apiKey: string | null, judges: Judges) {
  const credential = apiKey ?? bearer(authorization)
  if (isKey(credential)) return judges.readKey(credential)
  return apiKey === null ? viewerOfToken(credential, judges) : null
}

async function viewerOfToken(token: string, judges: Judges): Promise<Viewer | null> {
  const claims = await judges.readToken(token)
  if (!claims) return null
  const session = await judges.findSession(claims.sessionId)
  if (session?.userId !== claims.userId) return null
  return { id: claims.userId, scopes, sessionId: claims.sessionId, expiresAt: claims.expiresAt }
}

async function viewerOfCookie(request: Request, judges: Judges): Promise<Viewer | null> {
  if (!request.headers.has('cookie')) return null
  const session = await judges.readCookie(request.headers)
  if (!session) return null
  const reads = request.method === 'GET' || request.method === 'HEAD'
  if (!reads && !judges.origins(request.headers.get('origin'), request)) throw foreignPage(request)
  return { id: session.userId, scopes, sessionId: session.id, expiresAt: session.expiresAt }
}
