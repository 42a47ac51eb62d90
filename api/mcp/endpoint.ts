import { randomUUID } from 'node:crypto'
import { boundedBody } from '../auth/bounded-body.ts'
import type { Units } from '../auth/units.ts'
import { scopes, type Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import { AppError, badInput, type ErrorCode, httpStatus } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { storageProblem } from '../outage.ts'
import { createServer, type HttpSession, openHttpSession } from '../tools/server/server.ts'
import { type Session, Sessions } from './sessions.ts'
import { watchedStream } from './watched-stream.ts'

export type McpParts = {
  units: Units
  bell: Bell
  limits: Limits
  /** Throws STORAGE_FULL while nothing new may be stored. */
  checkSpace(): void
  /** The public origin. */
  url: string
  /** Who is asking. Rejects with UNAUTHENTICATED. */
  authenticate(request: Request): Promise<Viewer>
  /** Whether the viewer's session is still there: for streams, which outlive their request. */
  stillSignedIn(viewer: Viewer): Promise<boolean>
  /** Whether a page of this origin may come here. */
  origins(origin: string | null, request: Request): boolean
}

export type McpEndpoint = {
  /** Never rejects: a refusal is an answer. */
  fetch(request: Request): Promise<Response>
  /** What clients look up to learn how to sign in (RFC 9728): at the well-known path, with and without `/mcp` behind it. */
  metadata(request: Request): Response
  close(): Promise<void>
}

export const metadataPath = '/.well-known/oauth-protected-resource'

/** So often an open stream looks whether its reader may still read. */
const lookMs = 30_000

/** The door for MCP clients: our own tools over Streamable HTTP. A session, and all that is done in it, is one user's. */
export function createMcpEndpoint(parts: McpParts): McpEndpoint {
  const { units, bell, limits, checkSpace } = parts
  const sessions = new Sessions<HttpSession>(limits, (it) => it.close())
  let closing = false

  async function serve(request: Request): Promise<Response> {
    const origin = request.headers.get('origin')
    if (origin !== null && !parts.origins(origin, request))
      throw new AppError('CSRF_REJECTED', 'This request must not come from a page of another site.')
    const viewer = await parts.authenticate(withoutCookie(request))
    if (closing) throw new AppError('DRAINING', 'The server is stopping. Begin again in a moment.')
    const id = request.headers.get('mcp-session-id')
    const session = id === null ? null : sessions.find(id, viewer)
    if (!session && request.method !== 'POST')
      throw badInput(['mcp-session-id'], 'is missing: a session begins with a POST')
    const asked = request.method === 'POST' ? await oneMessage(request, limits.bodyBytes) : request
    return session ? answer(session, viewer, asked) : open(viewer, asked)
  }

  /** What opens no session is answered too, and leaves nothing behind. */
  async function open(viewer: Viewer, request: Request): Promise<Response> {
    const id = Sessions.newId()
    const server = createServer({ units, viewer, bell, limits, checkSpace })
    let session: Session<HttpSession> | undefined
    let noRoom: unknown
    const opened = await openHttpSession(server, {
      ...{ id, bodyBytes: limits.bodyBytes, heartbeatSeconds: limits.heartbeatSeconds },
      onOpened() {
        try {
          sessions.makeRoom(viewer)
          session = sessions.add(id, viewer, opened)
        } catch (error) {
          noRoom = error
        }
      },
      onClosed: () => sessions.remove(id),
    })
    const response = await opened.handle(request)
    if (session) return watched(session, viewer, request, response)
    await opened.close()
    if (noRoom) throw noRoom
    return response
  }

  async function answer(session: Session<HttpSession>, viewer: Viewer, request: Request): Promise<Response> {
    session.busy++
    try {
      return watched(session, viewer, request, await session.served.handle(request))
    } finally {
      session.busy--
      session.usedAt = Date.now()
    }
  }

  function watched(session: Session<HttpSession>, viewer: Viewer, request: Request, response: Response): Response {
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response
    session.busy++
    const endsAt = Math.min(
      viewer.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY,
      // An answer is over soon; what is open for news only is opened again by the client.
      request.method === 'GET' ? Date.now() + limits.streamMinutes * 60_000 : Number.POSITIVE_INFINITY,
    )
    return watchedStream(response, {
      everyMs: lookMs,
      mayGoOn: async () => Date.now() < endsAt && (await parts.stillSignedIn(viewer)),
      onEnd() {
        session.busy--
        session.usedAt = Date.now()
      },
    })
  }

  return {
    async fetch(request) {
      try {
        return await withErrorId(await serve(request))
      } catch (error) {
        return refusal(error, parts.url)
      }
    },
    metadata(request) {
      const { pathname } = new URL(request.url)
      const resource = `${parts.url}${pathname.slice(metadataPath.length)}`
      return Response.json({
        ...{ resource, resource_name: 'Parley', scopes_supported: scopes, bearer_methods_supported: ['header'] },
      })
    },
    async close() {
      closing = true
      await sessions.close()
    },
  }
}

/**
 * The same request, once it is known to be one message: many in a list would be counted as one request. The protocol had
 * such lists in one of its revisions, and has them no more. Rejects with BAD_USER_INPUT or PAYLOAD_TOO_LARGE.
 */
async function oneMessage(request: Request, limit: number): Promise<Request> {
  const body = await boundedBody(request, limit)
  if (body.trimStart().startsWith('['))
    throw new AppError('BAD_USER_INPUT', 'A list of messages is not taken: send each of them in a request of its own.')
  const headers = new Headers(request.headers)
  headers.delete('content-length')
  return new Request(request.url, { method: 'POST', headers, body, signal: request.signal })
}

/** Here a credential is sent on purpose: what a browser adds by itself is not looked at. */
function withoutCookie({ url, method, headers }: Request): Request {
  const kept = new Headers(headers)
  kept.delete('cookie')
  return new Request(url, { method, headers: kept })
}

const codes: Readonly<Record<number, ErrorCode>> = {
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
}

/** What the protocol's own code refuses keeps its words, and gets a code of ours and an id besides. */
async function withErrorId(response: Response): Promise<Response> {
  if (response.status < 400 || !response.headers.get('content-type')?.startsWith('application/json')) return response
  const body: { error?: { data?: { errorId?: string } } } = await response.json()
  const headers = new Headers(response.headers)
  headers.delete('content-length')
  const data = { code: codes[response.status] ?? 'BAD_USER_INPUT', errorId: randomUUID() }
  const told = body.error && !body.error.data?.errorId ? { ...body, error: { ...body.error, data } } : body
  return Response.json(told, { status: response.status, headers })
}

/** The codes of the protocol have no place for ours: they are in `data`. */
const serverError = -32_000

function refusal(error: unknown, url: string): Response {
  const errorId = randomUUID()
  const known = error instanceof AppError ? error : storageProblem(error)
  if (!known) console.error(`mcp error ${errorId}: ${String(error).slice(0, 500)}`)
  const { code, message, details } = known ?? new AppError('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.')
  const { retryAfterMs } = details
  return Response.json(
    { jsonrpc: '2.0', id: null, error: { code: serverError, message, data: { code, errorId, ...details } } },
    {
      status: httpStatus[code],
      headers: {
        'cache-control': 'no-store',
        ...(httpStatus[code] === 401 && {
          'www-authenticate': `Bearer resource_metadata="${url}${metadataPath}/mcp"`,
        }),
        ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
      },
    },
  )
}
