import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { type Limits, standardLimits } from './limits.ts'

export type Listening = {
  port: number
  server: Server
  /** Takes no more connections, gives open answers a moment, then cuts what is left: readers resume elsewhere. */
  close(graceMs?: number): Promise<void>
}

/** Of sockets and of what may come over them before anything is looked at. */
export type SocketLimits = Pick<
  Limits,
  | 'headerBytes'
  | 'headerSeconds'
  | 'bodySeconds'
  | 'importSeconds'
  | 'sockets'
  | 'socketsPerAddress'
  | 'streamBufferBytes'
  | 'stallSeconds'
>

export type Serve = (request: Request, address: string | undefined) => Promise<Response>

/** Serves on a port; 0 takes a free one. Rejects when the port is taken. */
export async function listen(options: {
  host: string
  port: number
  fetch: Serve
  limits?: SocketLimits
}): Promise<Listening> {
  const limits = options.limits ?? standardLimits
  const { headerBytes, headerSeconds, bodySeconds, importSeconds, sockets, socketsPerAddress, streamBufferBytes } =
    limits
  const server = createAdaptorServer({
    fetch: (request, env) => options.fetch(request, (env.incoming as IncomingMessage).socket?.remoteAddress),
    serverOptions: {
      headersTimeout: headerSeconds * 1_000,
      requestTimeout: Math.max(bodySeconds, importSeconds) * 1_000,
      maxHeaderSize: headerBytes,
      // What writes an answer waits when so much was not taken yet.
      highWaterMark: streamBufferBytes,
      // Node looks twice a minute when nothing is said: then ten seconds would be forty.
      connectionsCheckingInterval: 1_000,
    },
  }) as Server // plain HTTP: no other kind was asked for
  server.on('clientError', refuse)
  server.prependListener('request', (request: IncomingMessage) => expectBody(request, bodySeconds))
  server.maxConnections = sockets
  if (socketsPerAddress !== undefined) refuseMore(server, socketsPerAddress)
  const stopWatching = cutStalled(server, limits.stallSeconds)
  server.listen(options.port, options.host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port, // listens on TCP, so it is no pipe name
    server,
    close: async (graceMs = 1_000) => {
      stopWatching()
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearTimeout(timer)
    },
  }
}

/** What is no request, or takes too long to become one, is answered in the form of all refusals, and cut off. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, code, message] = refusals[error.code ?? ''] ?? noRequest
  const body = JSON.stringify({ error: { code, message, errorId: randomUUID() } })
  const head = [`HTTP/1.1 ${status}`, 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]
  socket.end(`${head.join('\r\n')}\r\nconnection: close\r\n\r\n${body}`)
}

const noRequest = ['400 Bad Request', 'BAD_USER_INPUT', 'This is no request of HTTP.'] as const

const refusals: Readonly<Record<string, readonly [status: string, code: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'PAYLOAD_TOO_LARGE', 'The headers are too long.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'BAD_USER_INPUT', 'The request took too long to arrive.'],
}

/** Node knows one limit of time for all bodies. A file of conversations is large, and has longer than the others. */
function expectBody(request: IncomingMessage, seconds: number): void {
  const { headers, socket, url } = request
  const hasBody = 'transfer-encoding' in headers || Number(headers['content-length']) > 0
  if (!hasBody || url?.split('?', 1)[0] === '/import') return
  const late = Object.assign(new Error('The body is late.'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
  const timer = setTimeout(() => request.complete || refuse(late, socket), seconds * 1_000).unref()
  request.once('close', () => clearTimeout(timer))
}

function refuseMore(server: Server, most: number): void {
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    const count = (open.get(address) ?? 0) + 1
    open.set(address, count)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
    if (count > most) socket.destroy()
  })
}

/**
 * A reader that takes nothing for so long cannot be told anything either: its connection ends, and it resumes. Looks are
 * counted, not time: while this process itself is busy nobody is to blame for taking nothing.
 */
function cutStalled(server: Server, stallSeconds: number): () => void {
  const everyMs = Math.min(5_000, stallSeconds * 250)
  const enough = Math.ceil((stallSeconds * 1_000) / everyMs)
  const sockets = new Map<Socket, { taken: number; looks: number }>()
  server.on('connection', (socket: Socket) => {
    sockets.set(socket, { taken: 0, looks: 0 })
    socket.once('close', () => sockets.delete(socket))
  })
  const look = () => {
    for (const [socket, seen] of sockets) {
      const taken = socket.bytesWritten - socket.writableLength
      const stalls = socket.writableLength > 0 && taken === seen.taken
      if (stalls && seen.looks >= enough) socket.destroy()
      else sockets.set(socket, { taken, looks: stalls ? seen.looks + 1 : 0 })
    }
  }
  const timer = setInterval(look, everyMs).unref()
  return () => clearInterval(timer)
}
