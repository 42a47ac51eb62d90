import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { RunError } from '../run-failure.ts'
import { streamCut } from './chunk-shape.ts'

/**
 * A `fetch` for model providers: limits the time to connect (a name, a socket, TLS) and hands on everything that came
 * before a cut, neither of which the built-in one does. It follows no redirects. Bodies are strings.
 */
export function createHttpFetch({ connectSeconds }: { connectSeconds: number }): typeof fetch {
  return (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const body = typeof init.body === 'string' ? Buffer.from(init.body) : Buffer.alloc(0)
    const secure = url.protocol === 'https:'
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    const outgoing = (secure ? requestSecure : requestPlain)(url, {
      method: init.method ?? 'GET',
      headers: { ...Object.fromEntries(new Headers(init.headers)), 'content-length': body.length },
      signal: init.signal ?? undefined,
    })
    outgoing.once('socket', (socket) => {
      if (!socket.connecting) return
      const timer = setTimeout(() => outgoing.destroy(notConnected(connectSeconds)), connectSeconds * 1000)
      const connected = () => clearTimeout(timer)
      socket.once(secure ? 'secureConnect' : 'connect', connected)
      outgoing.once('close', connected)
    })
    outgoing.once('response', (incoming) => resolve(responseFrom(incoming)))
    outgoing.on('error', reject)
    outgoing.end(body)
    return promise
  }
}

function notConnected(seconds: number): RunError {
  return new RunError('MODEL_UNAVAILABLE', 'The model cannot be reached right now.', {
    cause: new Error(`no connection within ${seconds} seconds`),
  })
}

function responseFrom(incoming: IncomingMessage): Response {
  const status = incoming.statusCode ?? 502
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(incoming.headersDistinct))
    for (const value of values) headers.append(name, value)
  const empty = status === 204 || status === 205 || status === 304
  return new Response(empty ? null : bodyOf(incoming), { status, headers })
}

function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const pieces = received(incoming)
  return new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = await pieces.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: () => void incoming.destroy(),
    },
    { highWaterMark: 0 },
  )
}

const bufferedBytes = 262_144

/** All bytes in order, and only then the error that ended them: a stream of Node's throws away what was not read yet. */
async function* received(incoming: IncomingMessage): AsyncGenerator<Uint8Array, void> {
  const pieces: Uint8Array[] = []
  let size = 0
  let end = 'not yet' as 'not yet' | 'well' | Error
  let wake = () => {}
  incoming.on('data', (piece: Uint8Array) => {
    pieces.push(piece)
    size += piece.length
    if (size > bufferedBytes) incoming.pause()
    wake()
  })
  const over = (how: 'well' | Error) => {
    if (end === 'not yet') end = how
    wake()
  }
  incoming.once('end', () => over('well'))
  incoming.on('error', over)
  incoming.once('close', () => over(new Error('the connection closed')))
  try {
    for (;;) {
      const piece = pieces.shift()
      if (piece) {
        size -= piece.length
        if (size <= bufferedBytes) incoming.resume()
        yield piece
      } else if (end === 'well') return
      else if (end !== 'not yet') throw streamCut(end)
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    incoming.destroy()
  }
}
