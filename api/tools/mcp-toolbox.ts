import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import {
  CallToolResultSchema,
  ErrorCode,
  ListToolsResultSchema,
  McpError,
  type Progress,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js'
import type { Units } from '../auth/units.ts'
import type { Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import type { Limits } from '../limits.ts'
import { type ConnectedTool, openToolbox } from './open-toolbox.ts'
import { createSchemaChecks, type SchemaCheck } from './schema-checks.ts'
import { createTasksServer, tasksServerName } from './server/server.ts'
import { storableText } from './storable.ts'
import { badResult, failed, toToolResult } from './tool-result.ts'
import type { Toolboxes, ToolProgress, ToolResult, ToolSpec } from './toolbox.ts'

export type ToolLimits = Pick<Limits, 'toolSeconds' | 'toolArgumentBytes' | 'toolReadBytes' | 'taskCharacters'>

/** Beyond this a timer would go off at once. */
const longestTimeout = 2 ** 31 - 1

type InProcessServer = Pick<ReturnType<typeof createTasksServer>, 'connect'>

/**
 * The tools of the MCP servers. `builtIn` makes the server in this process for one user: a connection to it, and so the
 * identity, is never shared between users.
 */
export function createToolboxes({
  units,
  bell,
  limits,
  builtIn = (viewer) => createTasksServer({ units, viewer, bell, limits }),
}: {
  units: Units
  bell: Bell
  limits: ToolLimits
  builtIn?: (viewer: Viewer) => InProcessServer
}): Toolboxes {
  const checkOf = createSchemaChecks()
  const clients = new Set<Client>()

  async function connect(viewer: Viewer): Promise<{ client: Client; tools: ConnectedTool[] }> {
    const client = await connectInProcess(builtIn(viewer))
    clients.add(client)
    const { tools } = await client.request({ method: 'tools/list' }, ListToolsResultSchema)
    return {
      client,
      tools: tools.map((tool) => {
        const spec = specOf(tasksServerName, tool)
        const output = tool.outputSchema ? checkOf(tool.outputSchema) : null
        return { spec, input: checkOf(tool.inputSchema), call: (...it) => call(client, spec, output, limits, ...it) }
      }),
    }
  }

  async function disconnect(client: Client): Promise<void> {
    clients.delete(client)
    await client.close()
  }

  return {
    async open(viewer) {
      const { client, tools } = await connect(viewer)
      return openToolbox(tools, limits, () => disconnect(client))
    },
    async servers(viewer) {
      const { client, tools } = await connect(viewer)
      await disconnect(client)
      return [{ name: tasksServerName, status: 'CONNECTED', error: null, tools: tools.map(({ spec }) => spec) }]
    },
    async close() {
      await Promise.all([...clients].map(disconnect))
    },
  }
}

async function call(
  client: Client,
  spec: ToolSpec,
  output: SchemaCheck | null,
  limits: ToolLimits,
  args: Record<string, unknown>,
  signal: AbortSignal,
  onProgress?: (progress: ToolProgress) => void,
): Promise<ToolResult> {
  // The client never takes its listener off a signal, and tells the server the reason: so each call has a signal of its own.
  const cancelling = new AbortController()
  const cancel = () => cancelling.abort('The call was cancelled.')
  signal.addEventListener('abort', cancel)
  try {
    const raw = await client.request(
      { method: 'tools/call', params: { name: spec.name, arguments: args } },
      CallToolResultSchema,
      {
        signal: cancelling.signal,
        timeout: Math.min(limits.toolSeconds * 1_000, longestTimeout),
        onprogress: onProgress && ((progress) => onProgress(progressOf(progress))),
      },
    )
    return toToolResult(raw, output, limits.toolReadBytes)
  } catch (error) {
    signal.throwIfAborted()
    return unanswered(error, spec, limits)
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** The call itself went wrong, not the tool's work. */
function unanswered(error: unknown, { calledAs, readOnly }: ToolSpec, { toolSeconds }: ToolLimits): ToolResult {
  const doubt = readOnly ? '' : ' It may have taken effect all the same.'
  if (!(error instanceof McpError))
    return error instanceof Error && error.message === 'Not connected'
      ? failed('TOOL_UNAVAILABLE', `${calledAs} cannot be reached.`)
      : badResult('it is not in the form of the protocol')
  if (error.code === ErrorCode.RequestTimeout)
    return failed('TOOL_TIMEOUT', `${calledAs} did not answer within ${toolSeconds} s.${doubt}`)
  if (error.code === ErrorCode.ConnectionClosed)
    return failed('TOOL_UNAVAILABLE', `The connection to ${calledAs} was lost.${doubt}`)
  return failed(error.code === ErrorCode.InvalidParams ? 'TOOL_BAD_ARGUMENTS' : 'TOOL_FAILED', error.message)
}

function progressOf({ progress, total, message }: Progress): ToolProgress {
  return {
    progress,
    ...(total === undefined ? {} : { total }),
    ...(message === undefined ? {} : { message: storableText(message.slice(0, 500)) }),
  }
}

async function connectInProcess(server: InProcessServer): Promise<Client> {
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  await server.connect(theirs)
  // No capabilities: a server can ask us for nothing, neither sampling nor roots nor elicitation.
  const client = new Client({ name: 'parley', version: '1.0.0' }, { capabilities: {} })
  await client.connect(ours)
  return client
}

function specOf(server: string, { name, title, description, inputSchema, annotations }: Tool): ToolSpec {
  const { $schema: _, ...schema } = inputSchema
  const destructive = annotations?.destructiveHint === true
  const readOnly = annotations?.readOnlyHint === true
  return {
    calledAs: name,
    name,
    server,
    title: title ?? annotations?.title ?? null,
    description: description ?? '',
    inputSchema: schema,
    readOnly,
    idempotent: readOnly || annotations?.idempotentHint === true,
    destructive,
    needsApproval: destructive,
  }
}
