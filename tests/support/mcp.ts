type Headers = Record<string, string>

export type McpTool = { name: string; inputSchema: Record<string, unknown> }
export type McpResult = { isError?: boolean; content?: unknown; structuredContent?: unknown; _meta?: unknown }

/** Any message of the protocol as a client posts it. */
export function postMcp(url: string, headers: Headers, message: object, session?: string): Promise<Response> {
  return fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(session && { 'mcp-session-id': session }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  })
}

const hello = {
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
}

/** A session over Streamable HTTP, as any MCP client has it. Throws when it is refused. */
export async function mcpSession(url: string, headers: Headers) {
  const opened = await postMcp(url, headers, hello)
  const id = opened.headers.get('mcp-session-id') ?? ''
  if (!opened.ok || !id) throw new Error(`initialize: HTTP ${opened.status} ${await opened.text()}`)
  await opened.text()
  await postMcp(url, headers, { method: 'notifications/initialized' }, id)
  let count = 1

  async function request<T>(method: string, params: object): Promise<T> {
    count += 1
    const response = await postMcp(url, headers, { id: count, method, params }, id)
    const text = await response.text()
    const [, data] = /^data: (.*)$/m.exec(text) ?? []
    const { result, error } = JSON.parse(data ?? text)
    return result ?? { isError: true, content: error }
  }

  return {
    id,
    request,
    tools: async () => (await request<{ tools?: McpTool[] }>('tools/list', {})).tools ?? [],
    call: (name: string, args: object) => request<McpResult>('tools/call', { name, arguments: args }),
  }
}
