import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { writeTurn } from './scripted-stream.ts'
import { fails, says, type Turn } from './scripted-turns.ts'
import type { ProviderRequest } from './scripted-voice.ts'
import { type Api, type Entry, Refused, readRequest, type Strictness } from './strict-request.ts'

export { bytewise, calls, cuts, endsEarly, fails, pause, says, silence, writes } from './scripted-turns.ts'

type Script = Turn | ((request: ProviderRequest) => Turn)

/** Plays a model provider over HTTP on loopback: both wires, one script, and as strict as the real one. */
export type Provider = {
  /** The base URL, with `/v1`. */
  url: string
  /** Every request that was let in, except those for titles. */
  requests: ProviderRequest[]
  titleRequests: ProviderRequest[]
  /** The bodies that recordings came in. Each is answered with the same few words. */
  recordings: string[]
  /** Why requests were refused, or came when the script was over. Empty in a test that goes well. */
  refusals: string[]
  /** Adds turns to the script: one per request, in the order of the requests. */
  plays(...turns: Script[]): void
  /** Answers whenever the script is over. */
  always(turn: Script): void
  /** Answers requests for titles, which take nothing from the script. At first: `A title`. */
  titles(turn: Script): void
  /** Lets one pause go on, the one that waits or the next to come. */
  resume(): void
  /** Resolves when a turn has come to a pause. */
  paused(): Promise<void>
  /** Resolves with the request of that number, from 1, once it is there. */
  asked(number: number): Promise<ProviderRequest>
  close(): Promise<void>
}

/** Starts it on a free port. `strict` says what else it refuses and wants; see `Strictness`. */
export async function startProvider(strict: Partial<Strictness> = {}): Promise<Provider> {
  const requests: ProviderRequest[] = []
  const titleRequests: ProviderRequest[] = []
  const recordings: string[] = []
  const refusals: string[] = []
  const script: Script[] = []
  const gate = createGate()
  const bells = new Set<() => void>()
  const issued = { calls: 0, reasoning: new Map<string, string>() }
  let otherwise: Script | undefined
  let title: Script = says('A title')

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      if (outgoing.destroyed) return
      refusals.push(String(error))
      outgoing.destroy()
    })
  })

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse) {
    outgoing.socket?.setNoDelay(true)
    if (incoming.url === '/v1/audio/transcriptions') {
      recordings.push((await buffer(incoming)).toString('latin1'))
      outgoing.writeHead(200, { 'content-type': 'application/json' })
      return void outgoing.end('{"text":"Words that were spoken"}')
    }
    const request = await read(incoming, outgoing)
    if (!request) return
    const isTitle = request.instructions.startsWith('Write a title')
    ;(isTitle ? titleRequests : requests).push(request)
    for (const ring of bells) ring()
    const next = isTitle ? title : (script.shift() ?? otherwise)
    if (!next) refusals.push('the script is over')
    const turn = next ?? fails(400, { error: { message: 'The script is over.' } })
    await writeTurn(typeof turn === 'function' ? turn(request) : turn, request, outgoing, gate.pass, issued)
  }

  async function read(incoming: IncomingMessage, outgoing: ServerResponse): Promise<ProviderRequest | null> {
    const at = performance.now()
    const { promise: hungUp, resolve } = Promise.withResolvers<void>()
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) resolve()
    })
    const body = await buffer(incoming)
    try {
      const api = apiAt(incoming.url)
      return { ...readRequest(api, body, strict, issued.reasoning), api, headers: incoming.headers, at, hungUp }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      refusals.push(error.message)
      const { message, param } = error
      const type = 'invalid_request_error'
      outgoing.writeHead(400, { 'content-type': 'application/json' })
      outgoing.end(JSON.stringify({ error: { message, type, param, code: null } }))
      return null
    }
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    titleRequests,
    recordings,
    refusals,
    plays: (...turns) => void script.push(...turns),
    always: (turn) => {
      otherwise = turn
    },
    titles: (turn) => {
      title = turn
    },
    resume: gate.open,
    paused: gate.reached,
    asked: (number) =>
      new Promise((resolve) => {
        const look = () => {
          const request = requests[number - 1]
          if (!request) return
          bells.delete(look)
          resolve(request)
        }
        bells.add(look)
        look()
      }),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function apiAt(path: string | undefined): Api {
  if (path === '/v1/responses') return 'responses'
  if (path === '/v1/chat/completions') return 'chat'
  throw new Refused(`Invalid URL (POST ${path})`)
}

/** Who comes to a pause waits here until the test lets one through. */
function createGate() {
  const waiting: (() => void)[] = []
  const watching: (() => void)[] = []
  let open = 0
  return {
    open() {
      const next = waiting.shift()
      if (next) next()
      else open++
    },
    reached: () =>
      new Promise<void>((resolve) => {
        if (waiting.length > 0) resolve()
        else watching.push(resolve)
      }),
    /** Resolves when let through, or (false) when `left` does first: then it takes nobody's turn. */
    async pass(left: Promise<void>): Promise<boolean> {
      if (open > 0) {
        open--
        return true
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push(resolve)
      for (const seen of watching.splice(0)) seen()
      return Promise.race([
        promise.then(() => true),
        left.then(() => {
          const place = waiting.indexOf(resolve)
          if (place >= 0) waiting.splice(place, 1)
          return false
        }),
      ])
    },
  }
}

export type { Api, Entry, ProviderRequest, Strictness, Turn }
