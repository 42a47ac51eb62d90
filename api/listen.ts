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
  'headerBytes' | 'headerSeconds' | 'bodySeconds' | 'sockets' | 'socketsPerAddress'
>

export type Serve = (request: Request, address: string | undefined) => Promise<Response>

/** Serves on a port; 0 takes a free one. Rejects when the port is taken. */
export async function listen(options: {
  host: string
  port: number
  fetch: Serve
  stallSeconds?: number
  limits?: SocketLimits
}): Promise<Listening> {
  const { headerBytes, headerSeconds, bodySeconds, sockets, socketsPerAddress } = options.limits ?? standardLimits
  const server = createAdaptorServer({
    fetch: (request, env) => options.fetch(request, (env.incoming as IncomingMessage).socket?.remoteAddress),
    serverOptions: {
      headersTimeout: headerSeconds * 1_000,
      requestTimeout: bodySeconds * 1_000,
      maxHeaderSize: headerBytes,
    },
  }) as Server // plain HTTP: no other kind was asked for
  server.maxConnections = sockets
  if (socketsPerAddress !== undefined) refuseMore(server, socketsPerAddress)
  const stopWatching = cutStalled(server, options.stallSeconds ?? standardLimits.stallSeconds)
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
