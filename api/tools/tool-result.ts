import { type ContentBlock, partsOf } from './result-parts.ts'
import type { SchemaCheck } from './schema-checks.ts'
import { errorCodeKey } from './server/tool.ts'
import { storableJson, storableText } from './storable.ts'
import type { ToolErrorCode, ToolResult } from './toolbox.ts'

/** A result as a tool server gives it, known by its outline only. */
export type RawResult = {
  content: readonly ContentBlock[]
  structuredContent?: Record<string, unknown>
  isError?: boolean
  _meta?: Record<string, unknown>
}

const messageCharacters = 500

/** A failed call, told in one sentence; `text` is what the model reads when the tool itself had more to say. */
export function failed(code: ToolErrorCode, message: string, text?: string): ToolResult & { ok: false } {
  const short = shortened(storableText(message))
  return { ok: false, code, message: short, text: text || short }
}

/**
 * What came of a call: storable, and no more of it than `maxBytes`. Structured content that is larger is left to the text.
 * `output` checks structured content if the tool says what it looks like.
 */
export function toToolResult(raw: RawResult, output: SchemaCheck | null, maxBytes: number): ToolResult {
  const text = upTo(maxBytes, storableText(textOf(raw)))
  if (raw.isError) return failed(errorCode(raw, text), text || 'The tool failed and did not say why.', text)
  try {
    const structured = raw.structuredContent ? storableJson(raw.structuredContent) : null
    const problem = output && (structured ? output(structured) : 'it has no structured content')
    if (problem !== null) return badResult(problem)
    const parts = partsOf(raw.content, maxBytes)
    const tooLarge = Buffer.byteLength(JSON.stringify(structured)) > maxBytes
    return { ok: true, structured: tooLarge ? null : structured, text, ...(parts.length > 0 && { parts }) }
  } catch {
    return badResult('it is nested too deeply')
  }
}

export function badResult(problem: string): ToolResult & { ok: false } {
  return failed('TOOL_BAD_RESULT', `The result of the tool is not usable: ${problem}.`)
}

/** Some servers look at arguments more closely than their schema can say. */
function errorCode({ _meta }: RawResult, text: string): ToolErrorCode {
  const refused =
    _meta?.[errorCodeKey] === 'BAD_USER_INPUT' || text.startsWith('MCP error -32602: Input validation error')
  return refused ? 'TOOL_BAD_ARGUMENTS' : 'TOOL_FAILED'
}

function textOf({ content, structuredContent }: RawResult): string {
  if (content.length === 0 && structuredContent) return JSON.stringify(structuredContent)
  return content.map(blockText).join('\n')
}

/** What is no text is named, not spelled out; an address stays text and is never opened. */
function blockText(block: ContentBlock): string {
  if (block.type === 'text') return String(block.text)
  if (block.type === 'resource_link') return `[${block.title ?? block.name}: ${block.uri}]`
  if (block.type === 'resource') {
    const resource = block.resource as { uri: string; text?: string; mimeType?: string }
    return resource.text ?? `[${resource.uri}: ${resource.mimeType ?? 'data'}]`
  }
  return `[${block.type}: ${block.mimeType ?? 'data'}]`
}

function upTo(maxBytes: number, text: string): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  // Counts characters that fit as a whole.
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes))
  return `${text.slice(0, read)}\n[Cut here: the result is longer than ${maxBytes} bytes.]`
}

const shortened = (text: string) =>
  text.length > messageCharacters ? `${text.slice(0, messageCharacters).toWellFormed()}…` : text
