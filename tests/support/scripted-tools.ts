import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { isJSONRPCNotification, isJSONRPCRequest, type JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js'

export type ScriptedTool = {
  inputSchema?: Record<string, unknown>
  outputSchema?: Record<string, unknown>
  annotations?: Record<string, unknown>
  /** What it gives goes over the wire as it is; what it throws, as an error of the protocol. */
  run(args: Record<string, unknown>, call: ScriptedCall): unknown
}

export type ScriptedCall = {
  /** Aborts with the caller's reason when it cancels, or when it leaves. */
  signal: AbortSignal
  /** Tells the caller how far it is. */
  tell(progress: Record<string, unknown>): Promise<void>
}

/** An MCP server on the bare wire. It has these tools and checks nothing of what it is given or gives. */
export function scriptedTools(tools: Record<string, ScriptedTool>): { connect(transport: Transport): Promise<void> } {
  const running = new Map<unknown, AbortController>()

  async function answer(transport: Transport, { id, method, params = {} }: JSONRPCRequest): Promise<unknown> {
    if (method === 'initialize')
      return {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'scripted', version: '1' },
      }
    if (method === 'tools/list') return { tools: Object.entries(tools).map(listed) }
    const {
      name,
      arguments: args,
      _meta,
    } = params as { name: string; arguments: Record<string, unknown>; _meta?: object }
    const cancelling = new AbortController()
    running.set(id, cancelling)
    const tell = (progress: Record<string, unknown>) =>
      transport.send({ jsonrpc: '2.0', method: 'notifications/progress', params: { ..._meta, ...progress } })
    return tools[name]?.run(args, { signal: cancelling.signal, tell })
  }

  return {
    async connect(transport) {
      transport.onclose = () => running.forEach((it) => void it.abort('gone'))
      transport.onmessage = (message) => {
        if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled')
          running.get(message.params?.requestId)?.abort(message.params?.reason)
        if (!isJSONRPCRequest(message)) return
        const { id } = message
        answer(transport, message)
          .then(
            (result) => transport.send({ jsonrpc: '2.0', id, result: result as Record<string, unknown> }),
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
