import { randomUUID } from 'node:crypto'
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import { ErrorCode, McpError, type ServerNotification, type ServerRequest } from '@modelcontextprotocol/sdk/types.js'
import type { Units } from '../../auth/units.ts'
import type { Viewer } from '../../auth/viewer.ts'
import type { Bell } from '../../bell/bell.ts'
import { AppError } from '../../errors.ts'
import { addTaskTool } from './add-task.ts'
import { completeTaskTool } from './complete-task.ts'
import { conversationResources, conversationText, conversationUri, mimeType } from './conversation-resource.ts'
import { deleteTaskTool } from './delete-task.ts'
import { listTasksTool } from './list-tasks.ts'
import { readConversationTool } from './read-conversation.ts'
import { searchConversationsTool } from './search-conversations.ts'
import { errorCodeKey, errorIdKey, type OwnToolLimits, type Tool, type ToolContext } from './tool.ts'
import { updateTaskTool } from './update-task.ts'

/** The names under which people and programs see our own servers. */
export const builtInNames = ['tasks', 'conversations'] as const

type Part = (typeof builtInNames)[number]

const toolsOf: Record<Part, readonly Tool[]> = {
  tasks: [addTaskTool, listTasksTool, updateTaskTool, completeTaskTool, deleteTaskTool],
  conversations: [searchConversationsTool, readConversationTool],
}

const instructionsOf: Record<Part, string> = {
  tasks: 'The to-do list of the signed-in person. Ids of tasks begin with task_.',
  conversations: 'What the signed-in person and their assistant said in Parley. Ids of conversations begin with conv_.',
}

export type OwnServer = McpServer

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>

/**
 * Our own tools as an MCP server that belongs to one user: whoever connects to it, by any transport, acts as that user,
 * with what the user's credential allows. A fresh one per run or session; to be closed by whoever connects it.
 */
export function createServer({
  units,
  viewer,
  bell,
  limits,
  checkSpace = () => {},
  parts = builtInNames,
}: {
  units: Units
  viewer: Viewer
  bell: Bell
  limits: OwnToolLimits
  /** Throws STORAGE_FULL while nothing new may be stored. */
  checkSpace?: () => void
  parts?: readonly Part[]
}): OwnServer {
  const [only] = parts.length === 1 ? parts : []
  const server = new McpServer(
    { name: only ?? 'parley', title: 'Parley', version: '1.0.0' },
    { instructions: parts.map((part) => instructionsOf[part]).join('\n'), capabilities: { tools: {} } },
  )
  // Calls may run side by side, so each has a unit of work of its own.
  const contextOf = (extra: Extra): ToolContext => ({
    ...{ em: units.as(viewer), viewer, bell, limits, signal: extra.signal },
    tell: (progress, total) => tell(extra, progress, total),
  })
  for (const tool of parts.flatMap((part) => toolsOf[part]))
    if (viewer.scopes.includes(tool.scope)) registerTool(server, tool, contextOf, checkSpace)
  if (parts.includes('conversations') && viewer.scopes.includes('conversations:read'))
    registerConversations(server, units, viewer, limits)
  return server
}

/**
 * What a call of one of our tools is about, as its user knows it; null when the tool does not say. Rejects when there is
 * no such thing, or the arguments do not fit.
 */
export async function subjectOf(
  { units, viewer }: { units: Units; viewer: Viewer },
  name: string,
  args: Record<string, unknown>,
): Promise<string | null> {
  const tool: Tool | undefined = Object.values(toolsOf)
    .flat()
    .find((it) => it.name === name)
  if (!tool?.subject) return null
  return tool.subject(tool.input.parse(args), { em: units.as(viewer), viewer })
}

function registerTool(
  server: McpServer,
  tool: Tool,
  contextOf: (extra: Extra) => ToolContext,
  checkSpace: () => void,
): void {
  const { name, title, description, input, output } = tool
  const annotations = {
    readOnlyHint: tool.readOnly,
    idempotentHint: tool.idempotent,
    destructiveHint: tool.destructive,
    openWorldHint: false,
  }
  server.registerTool(
    name,
    { title, description, inputSchema: input, outputSchema: output, annotations },
    async (args, extra) => {
      extra.signal.throwIfAborted()
      try {
        if (!tool.readOnly && !tool.destructive) checkSpace()
        const result = await tool.run(args, contextOf(extra))
        // The protocol asks for the same as text, for clients that know no structured content.
        return { structuredContent: result, content: [{ type: 'text', text: JSON.stringify(result) }] }
      } catch (error) {
        extra.signal.throwIfAborted()
        return failure(name, error)
      }
    },
  )
}

function registerConversations(server: McpServer, units: Units, viewer: Viewer, limits: OwnToolLimits): void {
  const list = async () => ({ resources: await masked(() => conversationResources(units.as(viewer), viewer, limits)) })
  server.registerResource(
    'conversation',
    new ResourceTemplate(conversationUri, { list }),
    { title: 'Conversation', description: 'What was said in one conversation, as Markdown.', mimeType },
    async (uri, { id }, { signal }) => ({
      contents: [
        {
          ...{ uri: uri.href, mimeType },
          text: await masked(() => conversationText(units.as(viewer), viewer, String(id), signal)),
        },
      ],
    }),
  )
}

async function tell({ _meta, sendNotification }: Extra, progress: number, total: number): Promise<void> {
  const progressToken = _meta?.progressToken
  if (progressToken === undefined) return
  await sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total } })
}

function failure(name: string, error: unknown) {
  const said = error instanceof AppError ? { text: sentence(error), code: error.code } : unforeseen(name, error)
  return {
    isError: true,
    content: [{ type: 'text' as const, text: said.text }],
    _meta: { [errorCodeKey]: said.code, ...('errorId' in said && { [errorIdKey]: said.errorId }) },
  }
}

function unforeseen(name: string, error: unknown) {
  const errorId = logged(`the tool ${name}`, error)
  return { text: `The tool failed. Error id: ${errorId}`, code: 'INTERNAL_SERVER_ERROR', errorId }
}

/** The protocol's word for a resource that is not there. */
const resourceNotFound = -32_002

async function masked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError)
      throw new McpError(error.code === 'NOT_FOUND' ? resourceNotFound : ErrorCode.InvalidParams, error.message)
    const data = { code: 'INTERNAL_SERVER_ERROR', errorId: logged('reading a resource', error) }
    throw new McpError(ErrorCode.InternalError, 'Something went wrong on the server.', data)
  }
}

/** Gives the id under which it is in the log, for those whom it befell. */
function logged(what: string, error: unknown): string {
  const errorId = randomUUID()
  console.error(
    `mcp error ${errorId}: ${what} failed: ${error instanceof Error ? error.message.slice(0, 500) : 'unknown'}`,
  )
  return errorId
}

/** What is wrong, with the member under the name that it has among the arguments. */
function sentence({ message, details: { field, reason } }: AppError): string {
  const member = field?.at(-1)?.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return member && reason ? `${member}: ${reason}` : message
}

export type HttpSession = {
  /** Any request of the session. Its first one must be the one that opens it. */
  handle(request: Request): Promise<Response>
  /** Ends open streams and what is at work. */
  close(): Promise<void>
}

/** Such a server over Streamable HTTP. `onOpened` is called when a client has opened the session, `onClosed` at its end. */
export async function openHttpSession(
  server: OwnServer,
  options: { id: string; bodyBytes: number; heartbeatSeconds: number; onOpened(): void; onClosed(): void },
): Promise<HttpSession> {
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => options.id,
    onsessioninitialized: options.onOpened,
    maxRequestBodySize: options.bodyBytes,
    keepAliveMs: options.heartbeatSeconds * 1_000,
  })
  await server.connect(transport)
  server.server.onclose = options.onClosed
  return { handle: (request) => transport.handleRequest(request), close: () => server.close() }
}
