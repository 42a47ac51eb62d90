import { ConnectionProblem, type StreamEnd } from './mcp-client.ts'

export type ServerFetchOptions = {
  headers: Readonly<Record<string, string>>
  /** One more header, made anew for each request; `refused` says that the server did not take the last one. */
  userHeader?: (refused: boolean) => Promise<readonly [name: string, value: string]>
  /** No answer may have more, and no single event of a stream that stays open. */
  maxBytes: number
  /** No answer to a request may take longer. */
  maxMilliseconds: number
}

/** So long may what came last need on its way to the client, before its answer counts as missing. */
const graceMs = 1_000

/**
 * A `fetch` for one tool server that the operator named: it follows no redirect, reads no more than it must, and sends
 * what the operator wants to be sent, nothing of ours.
 */
export function createServerFetch(options: ServerFetchOptions): (end: StreamEnd) => typeof fetch {
  return (end) => async (url, init) => {
    const response = await ask(url, init, options, false)
    const second = response.status === 401 && options.userHeader !== undefined
    if (second) await response.body?.cancel()
    return bounded(second ? await ask(url, init, options, true) : response, init, options, end)
  }
}

async function ask(
  url: string | URL | Request,
  init: RequestInit | undefined,
  { headers, userHeader, maxMilliseconds }: ServerFetchOptions,
  refused: boolean,
): Promise<Response> {
  const sent = new Headers(init?.headers)
  for (const [name, value] of Object.entries(headers)) sent.set(name, value)
  const forUser = await userHeader?.(refused)
  if (forUser) sent.set(...forUser)
  const signals = [
    ...(init?.signal ? [init.signal] : []),
    ...(init?.method === 'POST' ? [AbortSignal.timeout(maxMilliseconds)] : []),
  ]
  const asked = { ...init, headers: sent, signal: AbortSignal.any(signals), redirect: 'manual' as const }
  const response = await fetch(url, asked).catch((error: unknown) => {
    throw neverArrived(error) ? new ConnectionProblem('not-run', 'The server cannot be reached.', error) : error
  })
  if (response.status < 300 || response.status > 399) return response
  await response.body?.cancel()
  throw new ConnectionProblem('lost', 'The server sends us elsewhere, which we do not follow.')
}

/** No connection was made, so that nothing can have been read of the request. */
function neverArrived(error: unknown): boolean {
  const cause = error instanceof TypeError && error.cause instanceof Error ? error.cause : null
  const codes = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']
  return cause !== null && 'code' in cause && codes.includes(String(cause.code))
}

function bounded(
  response: Response,
  init: RequestInit | undefined,
  { maxBytes }: ServerFetchOptions,
  { onAnswerEnd }: StreamEnd,
): Response {
  if (!response.body) return response
  const streams = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const isAnswer = init?.method === 'POST'
  let why = new ConnectionProblem('cut', 'The connection was lost before the answer was whole.')
  let canResume = false
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform: counter({ maxBytes, perEvent: !isAnswer, onId: () => (canResume = true) }),
  })
  // Whatever ends it ends it here: the end itself, an error of the connection, or too many bytes.
  const ended = () => {
    if (isAnswer && streams && !canResume) setTimeout(() => onAnswerEnd(parsed(init?.body), why), graceMs).unref()
  }
  response.body.pipeTo(counted.writable).then(ended, (error: unknown) => {
    if (error instanceof ConnectionProblem) why = error
    ended()
  })
  const { status, statusText, headers } = response
  return new Response(counted.readable, { status, statusText, headers })
}

/** Passes on what it is given until it was too much; notes an id by which a stream can be resumed. */
function counter({ maxBytes, perEvent, onId }: { maxBytes: number; perEvent: boolean; onId(): void }) {
  let bytes = 0
  let tail = '\n'
  return (chunk: Uint8Array, controller: TransformStreamDefaultController<Uint8Array>) => {
    const text = tail + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')
    tail = text.slice(-4)
    if (/[\r\n]id:/.test(text)) onId()
    // An open stream may go on for ever, but none of its events.
    const event = perEvent ? Math.max(text.lastIndexOf('\n\n'), text.lastIndexOf('\n\r\n')) : -1
    bytes = event === -1 ? bytes + chunk.byteLength : text.length - event
    if (bytes > maxBytes) throw new ConnectionProblem('unreadable', `it has more than ${maxBytes} bytes`)
    controller.enqueue(chunk)
  }
}

function parsed(body: unknown): unknown {
  try {
    return typeof body === 'string' ? JSON.parse(body) : null
  } catch {
    return null
  }
}
