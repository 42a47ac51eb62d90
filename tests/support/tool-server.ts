import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import { cleanUp } from './cleaning.ts'
import type { ScriptedServer } from './scripted-tools.ts'

export type ToolRequest = {
  method: string
  headers: IncomingMessage['headers']
  session: string | undefined
  message: { id?: unknown; method?: string; params?: Record<string, unknown> }
}

/** Takes a request before the server does. Gives true when it dealt with it, in whatever way. */
export type Interception = (request: ToolRequest, response: ServerResponse) => boolean | Promise<boolean>

export type ToolServer = {
  url: string
  requests: ToolRequest[]
  /** How often a client shook hands. */
  handshakes(): number
  intercept: Interception | undefined
  /** Forgets all sessions and cuts all connections, as a restart does. */
  restart(): void
  /** Nobody listens at the address any more, until `begin`. */
  stop(): Promise<void>
  begin(): Promise<void>
  /** Resolves when a request of this method of the protocol has come, or has come already. */
  asked(method: string): Promise<ToolRequest>
}

/** A tool server over Streamable HTTP on loopback, on the bare wire. Ended with the test. */
export async function startToolServer(
  scripted: ScriptedServer,
  { listening = true, json = false }: { listening?: boolean; json?: boolean } = {},
): Promise<ToolServer> {
  const requests: ToolRequest[] = []
  const sessions = new Map<string, Session>()
  const waiting = new Set<() => void>()
  let port = 0
  let server = createServer(answerSafely)

  function answerSafely(incoming: IncomingMessage, outgoing: ServerResponse): void {
    answer(incoming, outgoing).catch(() => void outgoing.destroy())
  }

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await readText(incoming)
    const session = incoming.headers['mcp-session-id'] as string | undefined
    const request: ToolRequest = {
      ...{ method: incoming.method ?? '', headers: incoming.headers, session },
      message: body ? JSON.parse(body) : {},
    }
    requests.push(request)
    for (const wake of waiting) wake()
    if (await self.intercept?.(request, outgoing)) return
    const begins = request.message.method === 'initialize'
    const known = begins ? await begin(scripted, sessions) : sessions.get(session ?? '')
    if (!known) return void outgoing.writeHead(404).end('Session not found')
    if (request.method === 'DELETE') {
      known.end()
      return void outgoing.writeHead(200).end()
    }
    if (request.method === 'GET') return known.listens(outgoing)
    known.takes(request.message, outgoing, json)
  }

  const self: ToolServer = {
    get url() {
      return `http://127.0.0.1:${port}/mcp`
    },
    requests,
    handshakes: () => requests.filter(({ message }) => message.method === 'initialize').length,
    intercept: undefined,
    restart() {
      for (const session of sessions.values()) session.end()
      sessions.clear()
      server.closeAllConnections()
    },
    async stop() {
      self.restart()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
    async begin() {
      if (server.listening) return
      server = createServer(answerSafely)
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      port = (server.address() as AddressInfo).port
    },
    async asked(method) {
      for (;;) {
        const found = requests.find(({ message }) => message.method === method)
        if (found) return found
        await new Promise<void>((resolve) => waiting.add(resolve))
      }
    },
  }
  await self.begin()
  cleanUp(() => (server.listening ? self.stop() : undefined))
  if (!listening) await self.stop()
  return self
}

type Session = {
  end(): void
  listens(response: ServerResponse): void
  takes(message: ToolRequest['message'], response: ServerResponse, json: boolean): void
}

const stream = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }
const event = (message: object) => `event: message\ndata: ${JSON.stringify(message)}\n\n`

/** One session: each answer goes to the response of its request, news of progress too, all else to who listens. */
async function begin(scripted: ScriptedServer, sessions: Map<string, Session>): Promise<Session> {
  const id = randomUUID()
  const open = new Map<unknown, { response: ServerResponse; json: boolean }>()
  const listeners = new Set<ServerResponse>()
  const transport: Transport = {
    start: async () => {},
    close: async () => {},
    async send(message: JSONRPCMessage) {
      const { params, method } = message as { params?: Record<string, unknown>; method?: string }
      const answers = 'id' in message && !method ? open.get(message.id) : undefined
      if (answers) {
        open.delete((message as { id: unknown }).id)
        if (answers.json)
          return void answers.response
            .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': id })
            .end(JSON.stringify(message))
        return void answers.response.end(event(message))
      }
      const related = open.get(params?.progressToken)
      const to = related && !related.json ? [related.response] : [...listeners]
      for (const response of to) response.write(event(message))
    },
  }
  await scripted.connect(transport)
  const session: Session = {
    end() {
      sessions.delete(id)
      transport.onclose?.()
      for (const { response } of open.values()) response.destroy()
      for (const response of listeners) response.destroy()
    },
    listens(response) {
      listeners.add(response)
      response.on('close', () => listeners.delete(response))
      response.writeHead(200, { ...stream, 'mcp-session-id': id }).flushHeaders()
    },
    takes(message, response, json) {
      if (message.id === undefined || message.method === undefined) {
        response.writeHead(202).end()
      } else {
        open.set(message.id, { response, json })
        if (!json) response.writeHead(200, { ...stream, 'mcp-session-id': id }).flushHeaders()
      }
      transport.onmessage?.({ jsonrpc: '2.0', ...message } as JSONRPCMessage)
    },
  }
  sessions.set(id, session)
  return session
}
