import type { Limits } from '../limits.ts'
import type { SchemaCheck } from './schema-checks.ts'
import { readArguments } from './tool-arguments.ts'
import { failed } from './tool-result.ts'
import type { Toolbox, ToolProgress, ToolResult, ToolSpec } from './toolbox.ts'

/** A tool that can be reached: `call` is given arguments that `input` let through, and keeps the promise of `Toolbox.call`. */
export type ConnectedTool = {
  spec: ToolSpec
  input: SchemaCheck
  call(
    args: Record<string, unknown>,
    signal: AbortSignal,
    onProgress?: (progress: ToolProgress) => void,
  ): Promise<ToolResult>
}

/** The tools of one user as the loop has them, whatever protocol leads to each. */
export function openToolbox(
  tools: readonly ConnectedTool[],
  limits: Pick<Limits, 'toolArgumentBytes'>,
  close: () => Promise<void>,
): Toolbox {
  return {
    offered: () => tools.map(({ spec }) => spec),
    async call({ calledAs, argumentsText }, signal, onProgress) {
      signal.throwIfAborted()
      const tool = tools.find(({ spec }) => spec.calledAs === calledAs)
      if (!tool) return unknownTool(calledAs, tools)
      const read = readArguments(argumentsText, limits.toolArgumentBytes)
      const problem = read.problem ?? tool.input(read.value)
      return read.problem !== null || problem !== null
        ? failed('TOOL_BAD_ARGUMENTS', `${calledAs} was not run. Its arguments are not usable: ${problem}.`)
        : tool.call(read.value, signal, onProgress)
    },
    close,
  }
}

function unknownTool(calledAs: string, tools: readonly ConnectedTool[]): ToolResult {
  const names = tools.map(({ spec }) => spec.calledAs).join(', ')
  return failed(
    'TOOL_NOT_FOUND',
    `There is no tool "${calledAs.slice(0, 64)}". There is: ${names || 'no tool at all'}.`,
  )
}
