import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { Units } from '../../auth/units.ts'
import type { Viewer } from '../../auth/viewer.ts'
import type { Bell } from '../../bell/bell.ts'
import { AppError } from '../../errors.ts'
import { standardLimits } from '../../limits.ts'
import type { TaskLimits } from '../../tasks/tasks.ts'
import { addTaskTool } from './add-task.ts'
import { completeTaskTool } from './complete-task.ts'
import { deleteTaskTool } from './delete-task.ts'
import { listTasksTool } from './list-tasks.ts'
import { errorCodeKey, type Tool, type ToolContext } from './tool.ts'
import { updateTaskTool } from './update-task.ts'

const tools: readonly Tool[] = [addTaskTool, listTasksTool, updateTaskTool, completeTaskTool, deleteTaskTool]

/** The name under which people and programs see this server. */
export const tasksServerName = 'tasks'

/**
 * Our own tools as an MCP server that belongs to one user: whoever connects to it, by any transport, acts as that user.
 * A fresh one per run or session; to be closed by whoever connects it.
 */
export function createTasksServer({
  units,
  viewer,
  bell,
  limits = standardLimits,
}: {
  units: Units
  viewer: Viewer
  bell: Bell
  limits?: TaskLimits
}): McpServer {
  const server = new McpServer(
    { name: tasksServerName, title: 'Tasks', version: '1.0.0' },
    { instructions: 'The to-do list of the signed-in person. Ids of tasks begin with task_.' },
  )
  // Calls may run side by side, so each has a unit of work of its own.
  for (const tool of tools) register(server, tool, () => ({ em: units.as(viewer), viewer, bell, limits }))
  return server
}

function register(server: McpServer, tool: Tool, context: () => ToolContext): void {
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
    async (args, { signal }) => {
      signal.throwIfAborted()
      try {
        const result = await tool.run(args, context())
        // The protocol asks for the same as text, for clients that know no structured content.
        return { structuredContent: result, content: [{ type: 'text', text: JSON.stringify(result) }] }
      } catch (error) {
        return failure(name, error)
      }
    },
  )
}

function failure(name: string, error: unknown) {
  const known = error instanceof AppError
  if (!known) console.error(`The tool ${name} failed:`, error instanceof Error ? error.message.slice(0, 500) : error)
  return {
    isError: true,
    content: [{ type: 'text' as const, text: known ? sentence(error) : 'The tool failed.' }],
    _meta: { [errorCodeKey]: known ? error.code : 'INTERNAL_SERVER_ERROR' },
  }
}

/** What is wrong, with the member under the name that it has among the arguments. */
function sentence({ message, details: { field, reason } }: AppError): string {
  const member = field?.at(-1)?.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return member && reason ? `${member}: ${reason}` : message
}
