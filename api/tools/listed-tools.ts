import { z } from 'zod'
import type { Limits } from '../limits.ts'
import type { SchemaCheck, SchemaChecks } from './schema-checks.ts'
import { maxDepth, storableJson, storableText } from './storable.ts'
import type { ToolSpec } from './toolbox.ts'

/** A tool that was listed, understood, and found fit to be offered. */
export type ListedTool = { spec: ToolSpec; input: SchemaCheck; output: SchemaCheck | null }

export type ListLimits = Pick<Limits, 'toolsPerServer' | 'toolDescriptionBytes' | 'toolSchemaBytes'>

export type ListMeans = {
  limits: ListLimits
  checkOf: SchemaChecks
  calledAs(name: string): string
  needsApproval(name: string, destructive: boolean): boolean
}

/** So much work all schemas of one list are worth, in microseconds of the processor. */
const workMicroseconds = 3_000_000

const nameCharacters = 200
const titleCharacters = 200
const schemaDepth = 32

const flag = z.boolean().optional().catch(undefined)
const text = z.string().optional().catch(undefined)

/** What we look at. A member that is wrong and not needed counts as left out. */
const Tool = z.object({
  name: z.string(),
  title: text,
  description: text,
  inputSchema: z.looseObject({}),
  outputSchema: z.looseObject({}).nullish(),
  execution: z.object({ taskSupport: text }).optional().catch(undefined),
  annotations: z
    .object({ title: text, readOnlyHint: flag, destructiveHint: flag, idempotentHint: flag })
    .optional()
    .catch(undefined),
})

/**
 * Makes tools of what a server lists, in its order. A server may list anything: what is unusable is left out, alone, and
 * told in `leftOut` with the reason; long descriptions are cut.
 */
export function readTools(
  server: string,
  listed: readonly unknown[],
  means: ListMeans,
): { tools: ListedTool[]; leftOut: string[] } {
  const tools = new Map<string, ListedTool>()
  const leftOut: string[] = []
  const begun = process.cpuUsage()
  for (const raw of listed) {
    const { data: tool } = Tool.safeParse(raw)
    const tired = process.cpuUsage(begun).user > workMicroseconds
    const problem = !tool ? 'it is no tool' : tired ? 'the others took too long' : flawOf(tool, tools, means.limits)
    if (!tool || problem) {
      leftOut.push(`${JSON.stringify(tool?.name.slice(0, 80) ?? null)}: ${problem}`)
      continue
    }
    try {
      tools.set(tool.name, toListed(server, tool, means))
    } catch (error) {
      leftOut.push(
        `${JSON.stringify(tool.name)}: ${error instanceof Error ? error.message.slice(0, 200) : 'it takes too long to understand'}`,
      )
    }
  }
  return { tools: [...tools.values()], leftOut }
}

type Tool = z.output<typeof Tool>

function flawOf(
  { name, execution, inputSchema, outputSchema }: Tool,
  before: Map<string, unknown>,
  limits: ListLimits,
) {
  if (before.has(name)) return 'its name is taken'
  if (before.size >= limits.toolsPerServer) return `there are more than ${limits.toolsPerServer} tools`
  if (name.length > nameCharacters || storableText(name) !== name) return 'its name is not usable'
  if (execution?.taskSupport === 'required') return 'it answers in tasks of the protocol only'
  for (const schema of [inputSchema, outputSchema]) {
    if (!schema) continue
    if (depthOf(schema) > schemaDepth) return 'its schema is nested too deeply'
    if (Buffer.byteLength(JSON.stringify(schema)) > limits.toolSchemaBytes)
      return `its schema has more than ${limits.toolSchemaBytes} bytes`
    if (leadsElsewhere(schema)) return 'its schema refers to another document'
  }
  return null
}

function toListed(server: string, tool: Tool, { checkOf, limits, calledAs, needsApproval }: ListMeans): ListedTool {
  const { name, title, description = '', inputSchema, outputSchema, annotations } = tool
  const readOnly = annotations?.readOnlyHint === true
  // The protocol's own default: what does not say that it only reads, or only adds, may destroy.
  const destructive = annotations?.destructiveHint ?? !readOnly
  const shown = title ?? annotations?.title
  return {
    spec: {
      calledAs: calledAs(name),
      name,
      server,
      title: shown ? storableText(shown.slice(0, titleCharacters)) : null,
      description: cut(storableText(description), limits.toolDescriptionBytes),
      inputSchema: forModels(storableJson(inputSchema) as Record<string, unknown>), // an object gives an object
      readOnly,
      idempotent: readOnly || annotations?.idempotentHint === true,
      destructive,
      needsApproval: needsApproval(name, destructive),
    },
    input: checkOf(inputSchema),
    output: outputSchema ? checkOf(outputSchema) : null,
  }
}

/**
 * Some providers refuse a whole request because of one schema that is no plain object at its top. What is taken away here
 * is still held against the arguments.
 */
function forModels(schema: Record<string, unknown>): Record<string, unknown> {
  const { $schema: _, $id, anyOf, oneOf, allOf, not, enum: values, ...plain } = schema
  return { properties: {}, ...plain, type: 'object' }
}

function cut(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  const mark = ' … (cut)'
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(Math.max(0, maxBytes - Buffer.byteLength(mark))))
  return text.slice(0, read) + mark
}

/** As deep as `maxDepth` at most: what is deeper is not looked at. */
function depthOf(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth === maxDepth) return depth
  let deepest = depth
  for (const member of Object.values(value)) deepest = Math.max(deepest, depthOf(member, depth + 1))
  return deepest
}

const references = ['$ref', '$dynamicRef', '$recursiveRef']

function leadsElsewhere(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(
    ([key, member]) =>
      (references.includes(key) && typeof member === 'string' && !member.startsWith('#')) || leadsElsewhere(member),
  )
}
