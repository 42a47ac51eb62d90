import type { Limits } from '../limits.ts'
import type { SchemaCheck } from './schema-checks.ts'
import { storableText } from './storable.ts'
import { readArguments } from './tool-arguments.ts'
import { failed } from './tool-result.ts'
import type { Toolbox, ToolProgress, ToolRequest, ToolResult, ToolSpec } from './toolbox.ts'

/** A tool of a server: `call` is given arguments that `input` let through, and keeps the promise of `Toolbox.call`. */
export type ConnectedTool = {
  spec: ToolSpec
  input: SchemaCheck
  /** Whether its server is there. */
  usable: boolean
  call(
    args: Record<string, unknown>,
    signal: AbortSignal,
    onProgress?: (progress: ToolProgress) => void,
  ): Promise<ToolResult>
  /** Of such a call, as `Toolbox.subject` has it; may reject. Absent where nobody knows. */
  subject?(args: Record<string, unknown>): Promise<string | null>
}

export type ToolboxParts = {
  /** All tools as of now, the built-in ones first. */
  tools(): readonly ConnectedTool[]
  /** Resolves when servers that are just being connected have been, or have failed. */
  settled(): Promise<void>
  limits: Pick<Limits, 'toolArgumentBytes'>
  close(): Promise<void>
}

const subjectCharacters = 200

/** The tools of one user as the loop has them, whatever protocol leads to each. */
export function openToolbox({ tools, settled, limits, close }: ToolboxParts): Toolbox {
  /** Each name once: the first one has it. */
  const known = () => {
    const byName = new Map<string, ConnectedTool>()
    for (const tool of tools()) if (!byName.has(tool.spec.calledAs)) byName.set(tool.spec.calledAs, tool)
    return byName
  }
  const offered = () => [...known().values()].filter(({ usable }) => usable).map(({ spec }) => spec)

  /** The tool and the arguments that it may be called with, or why it may not. */
  function judge({ calledAs, argumentsText }: ToolRequest) {
    const tool = known().get(calledAs)
    if (!tool) return { refusal: unknownTool(calledAs, offered()) }
    const read = readArguments(argumentsText, limits.toolArgumentBytes)
    const problem = read.problem ?? tool.input(read.value)
    return read.problem !== null || problem !== null
      ? { refusal: failed('TOOL_BAD_ARGUMENTS', `${calledAs} was not run. Its arguments are not usable: ${problem}.`) }
      : { refusal: null, tool, args: read.value }
  }

  return {
    offered,
    check: (request) => judge(request).refusal,
    async call(request, signal, onProgress) {
      signal.throwIfAborted()
      // It may belong to a server that this process is still connecting to: the names of all those have a `__`.
      if (request.calledAs.includes('__') && !known().has(request.calledAs)) await unlessAborted(settled(), signal)
      const judged = judge(request)
      if (judged.refusal) return judged.refusal
      // Whoever judged it before may have seen other tools: here is the last door.
      if (judged.tool.spec.needsApproval && !request.approved) return notAllowed(request.calledAs)
      return judged.tool.call(judged.args, signal, onProgress)
    },
    async subject(request) {
      const judged = judge(request)
      if (judged.refusal) return null
      const subject = await judged.tool.subject?.(judged.args).catch(() => null)
      return subject ? storableText(subject).slice(0, subjectCharacters).toWellFormed() : null
    },
    close,
  }
}

function notAllowed(calledAs: string): ToolResult {
  return failed('TOOL_UNAVAILABLE', `${calledAs} was not run: a person has to allow it first. Ask for it again.`)
}

function unknownTool(calledAs: string, tools: readonly ToolSpec[]): ToolResult & { ok: false } {
  const names = tools.map((spec) => spec.calledAs).join(', ')
  return failed(
    'TOOL_NOT_FOUND',
    `There is no tool "${calledAs.slice(0, 64)}". There is: ${names || 'no tool at all'}.`,
  )
}

async function unlessAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  let leave = () => {}
  const aborted = new Promise<void>((resolve) => {
    leave = resolve
  })
  signal.addEventListener('abort', leave)
  await Promise.race([wait, aborted])
  signal.removeEventListener('abort', leave)
  signal.throwIfAborted()
}
