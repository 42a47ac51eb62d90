import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
} from '@modelcontextprotocol/sdk/types.js'

export type ScriptedTool = {
  title?: string
  description?: string
  inputSchema?: Record<string, unknown>
  outputSchema?: Record<string, unknown>
  annotations?: Record<string, unknown>
  /** What it gives goes over the wire as it is; what it throws, as an error of the protocol; `noAnswer`, not at all. */
  run(args: Record<string, unknown>, call: ScriptedCall): unknown
}

export const noAnswer = Symbol('no answer')

export type ScriptedCall = {
  id: unknown
  /** Aborts with the caller's reason when it cancels, or when it leaves. */
  signal: AbortSignal
  /** Tells the caller how far it is. */
  tell(progress: Record<string, unknown>): Promise<void>
  /** Sends the caller anything. */
  send(message: object): Promise<void>
}

export type ScriptedServer = {
  connect(transport: Transport): Promise<void>
  /** Says to everyone connected that the list is another one. */
  listChanged(): Promise<void>
  /** What came that is neither a call nor the usual beginning: answers to questions of ours, cancellations and the like. */
  heard: JSONRPCMessage[]
}

/**
 * An MCP server on the bare wire. It has these tools, as they are at that moment, and checks nothing of what it is given or
 * gives. A list is sent as it is, whatever is in it.
 */
export function scriptedTools(tools: Record<string, ScriptedTool> | (() => readonly unknown[])): ScriptedServer {
  const named = typeof tools === 'function' ? {} : tools
  const listedNow = typeof tools === 'function' ? tools : () => Object.entries(tools).map(listed)
  const transports = new Set<Transport>()
  const heard: JSONRPCMessage[] = []

  async function answer(
    transport: Transport,
    { id, method, params = {} }: JSONRPCRequest,
    running: Map<unknown, AbortController>,
  ): Promise<unknown> {
    if (method === 'initialize')
      return {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: { listChanged: true } },
        serverInfo: { name: 'scripted', version: '1' },
      }
    if (method === 'tools/list') return { tools: listedNow() }
    const {
      name,
      arguments: args,
      _meta,
    } = params as { name: string; arguments: Record<string, unknown>; _meta?: object }
    const cancelling = new AbortController()
    running.set(id, cancelling)
    const send = (message: object) => transport.send({ jsonrpc: '2.0', ...message } as JSONRPCMessage)
    const tell = (progress: Record<string, unknown>) =>
      send({ method: 'notifications/progress', params: { ..._meta, ...progress } })
    return named[name]?.run(args, { id, signal: cancelling.signal, tell, send })
  }

  return {
    heard,
    async listChanged() {
      for (const transport of transports)
        await transport.send({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
    },
    async connect(transport) {
      const running = new Map<unknown, AbortController>()
      transports.add(transport)
      transport.onclose = () => {
        transports.delete(transport)
        running.forEach((it) => void it.abort('gone'))
      }
      transport.onmessage = (message) => {
        if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled')
          running.get(message.params?.requestId)?.abort(message.params?.reason)
        if (!isJSONRPCRequest(message)) return void heard.push(message)
        const { id } = message
        answer(transport, message, running)
          .then(
            (result) =>
              result === noAnswer
                ? undefined
                : transport.send({ jsonrpc: '2.0', id, result: result as Record<string, unknown> }),
            (error) => transport.send({ jsonrpc: '2.0', id, error: { code: -32_603, message: String(error) } }),
          )
          .catch(() => undefined) // the caller left
      }
      await transport.start()
    },
  }
}

const listed = ([name, { run: _, inputSchema, ...rest }]: [string, ScriptedTool]) => ({
  name,
  inputSchema: { type: 'object', ...inputSchema },
  ...rest,
})

export const text = (text: string) => ({ content: [{ type: 'text', text }] })
