import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport, StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  CallToolResultSchema,
  ErrorCode,
  type JSONRPCMessage,
  JSONRPCMessageSchema,
  McpError,
  type Progress,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import type { RawResult } from './tool-result.ts'

export type { JSONRPCMessage, Progress, Transport }

/** Why a server could not be asked, or what it answered instead of a result. */
export type ProblemKind =
  /** There is no connection, or it ended while we waited. */
  | 'lost'
  /** It has certainly run nothing: it was not reached, or does not know our session any more. */
  | 'not-run'
  /** It does not take our credentials. */
  | 'unauthorized'
  /** The answer to this one call broke off. */
  | 'cut'
  /** What came is not in the form of the protocol. */
  | 'unreadable'
  /** It found fault with the arguments. */
  | 'bad-arguments'
  /** It answered with an error. */
  | 'refused'

export class ConnectionProblem extends Error {
  override readonly name = 'ConnectionProblem'
  readonly kind: ProblemKind

  /** `cause` is for the operator alone. */
  constructor(kind: ProblemKind, message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}

export type CallOptions = {
  /** Tells the server that nobody waits any more. */
  signal: AbortSignal
  onProgress(progress: Progress): void
}

/** A conversation with one tool server, over whatever transport. Its methods reject with ConnectionProblem. */
export type Connection = {
  /** What it lists, as it came; at most so many. */
  tools(atMost: number, milliseconds: number): Promise<unknown[]>
  call(name: string, args: Record<string, unknown>, options: CallOptions): Promise<RawResult>
  /** Resolves, with the reason, when it has ended. */
  readonly ended: Promise<ConnectionProblem>
  /** `why` is what others hear who wait for the end. */
  close(why?: ConnectionProblem): Promise<void>
}

export type ConnectOptions = {
  /** For shaking hands. */
  milliseconds: number
  signal?: AbortSignal
  /** The server says that it lists other tools now. */
  onToolsChanged?(): void
}

const longestTimeout = 2 ** 31 - 1
const maxPages = 50

/** Errors in the place of answers that never came whole: made here, and known again by these codes. */
const missing: Partial<Record<ProblemKind, number>> = { cut: -32_099, unreadable: -32_098 }

const ListPage = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.string().optional() })

/** Shakes hands over a fresh transport, which is closed when that fails. Rejects with ConnectionProblem. */
export async function connect(
  transport: Transport,
  { milliseconds, signal, onToolsChanged = () => {} }: ConnectOptions,
): Promise<Connection> {
  // No capabilities: a server can ask us for nothing, neither sampling nor roots nor elicitation.
  const client = new Client({ name: 'parley', version: '1.0.0' }, { capabilities: {} })
  const ended = Promise.withResolvers<ConnectionProblem>()
  let over = false
  const end = (problem: ConnectionProblem) => {
    over = true
    ended.resolve(problem)
  }
  client.onclose = () => end(new ConnectionProblem('lost', 'The connection was closed.'))
  client.onerror = (error) => {
    const problem = problemOf(error, over)
    if (problem.kind === 'not-run') end(problem)
  }
  client.setNotificationHandler(ToolListChangedNotificationSchema, onToolsChanged)
  const leave = () => void transport.close()
  signal?.addEventListener('abort', leave)
  try {
    signal?.throwIfAborted()
    await client.connect(transport, { timeout: milliseconds })
  } catch (error) {
    await transport.close()
    throw timedOut(error) ?? problemOf(error, over)
  } finally {
    signal?.removeEventListener('abort', leave)
  }

  return {
    async tools(atMost, milliseconds) {
      if (!client.getServerCapabilities()?.tools) return []
      const tools: unknown[] = []
      let cursor: string | undefined
      for (let page = 0; page < maxPages && tools.length <= atMost; page++) {
        const request = { method: 'tools/list', params: cursor === undefined ? {} : { cursor } }
        const answer = await client.request(request, ListPage, { timeout: milliseconds }).catch((error: unknown) => {
          throw timedOut(error) ?? problemOf(error, over)
        })
        tools.push(...answer.tools.slice(0, atMost + 1))
        cursor = answer.nextCursor
        if (cursor === undefined) break
      }
      return tools
    },
    async call(name, args, { signal, onProgress }) {
      const request = { method: 'tools/call', params: { name, arguments: args } }
      try {
        return await client.request(request, CallToolResultSchema, {
          signal,
          timeout: longestTimeout, // who calls has the time in hand
          onprogress: onProgress,
        })
      } catch (error) {
        throw signal.aborted ? new ConnectionProblem('refused', 'The call was cancelled.') : problemOf(error, over)
      }
    },
    ended: ended.promise,
    close(why) {
      if (why) end(why)
      return client.close()
    },
  }
}

/** To a server in this process. */
export async function connectInProcess(server: { connect(transport: Transport): Promise<void> }): Promise<Connection> {
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  await server.connect(theirs)
  return connect(ours, { milliseconds: longestTimeout })
}

export type StreamEnd = { onAnswerEnd(request: unknown, why: ConnectionProblem): void }

/**
 * To a server over Streamable HTTP. `fetchWith` is given a function to call with the body of a request whose answer ended
 * before it was whole: that request then fails, instead of waiting for its time to run out.
 */
export function httpTransport(url: string, fetchWith: (end: StreamEnd) => typeof fetch): Transport {
  const onAnswerEnd = (request: unknown, { kind, message }: ConnectionProblem) => {
    const { data } = z.looseObject({ id: z.union([z.number(), z.string()]) }).safeParse(request)
    const code = missing[kind] ?? ErrorCode.InternalError
    // For a request that was answered this is an answer too many, and nobody hears it.
    if (data) transport.onmessage?.({ jsonrpc: '2.0', id: data.id, error: { code, message } })
  }
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    fetch: fetchWith({ onAnswerEnd }) as typeof fetch,
  })
  const close = transport.close.bind(transport)
  transport.close = async () => {
    // The server need not keep the session; whether it hears of it is not worth a wait.
    await Promise.race([transport.terminateSession().catch(() => {}), passed(500)])
    await close()
  }
  return transport
}

const passed = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds).unref())

/** A message as one line of text has it; null when it is none. */
export function readMessage(line: string): JSONRPCMessage | null {
  try {
    return JSONRPCMessageSchema.parse(JSON.parse(line))
  } catch {
    return null
  }
}

/** Of a request that has a time limit of its own. */
function timedOut(error: unknown): ConnectionProblem | null {
  const late = error instanceof McpError && error.code === ErrorCode.RequestTimeout
  return late ? new ConnectionProblem('lost', 'The server did not answer in time.') : null
}

function problemOf(error: unknown, over: boolean): ConnectionProblem {
  if (error instanceof ConnectionProblem) return error
  if (error instanceof StreamableHTTPError) return httpProblem(error)
  if (error instanceof z.core.$ZodError || error instanceof SyntaxError)
    return new ConnectionProblem('unreadable', 'it is not in the form of the protocol')
  if (!(error instanceof McpError)) return new ConnectionProblem('lost', 'The server cannot be reached.', error)
  if (over && error.code === ErrorCode.ConnectionClosed)
    return new ConnectionProblem('lost', 'The connection was lost.')
  if (error.code === missing.cut) return new ConnectionProblem('cut', wordsOf(error))
  if (error.code === missing.unreadable) return new ConnectionProblem('unreadable', wordsOf(error))
  if (error.code === ErrorCode.InvalidParams) return new ConnectionProblem('bad-arguments', error.message)
  return new ConnectionProblem('refused', error.message)
}

function httpProblem({ code, message }: StreamableHTTPError): ConnectionProblem {
  // Many servers say 400 where the protocol has 404.
  if (code === 404 || (code === 400 && /session/i.test(message)))
    return new ConnectionProblem('not-run', 'The server does not know the session any more.')
  if (code === 401 || code === 403)
    return new ConnectionProblem('unauthorized', `The server does not take our credentials (HTTP ${code}).`)
  return code === undefined || code < 0
    ? new ConnectionProblem('unreadable', 'it is not in the form of the protocol')
    : new ConnectionProblem('lost', `The server answered with HTTP ${code}.`)
}

/** Without the prefix that the protocol's error puts before it. */
const wordsOf = ({ message }: McpError) => message.replace(/^MCP error -?\d+: /, '')
