import { isImage } from '../../conversations/media-type.ts'
import type { ToolSpec } from '../../tools/toolbox.ts'
import type { ModelRequest } from '../model.ts'
import { keptParts, type TurnPart } from './kept-reasoning.ts'
import type { ModelProfile } from './profile.ts'
import { type WireCall, type WireEntry, wireHistory } from './wire-history.ts'

type Phase = 'commentary' | 'final_answer'
type Assistant = Extract<WireEntry, { role: 'assistant' }>
type ContentPart =
  | { type: 'input_text'; text: string }
  | { type: 'input_image'; image_url: string; detail: 'auto' }
  | { type: 'input_file'; filename: string; file_data: string }
type Reasoning = Extract<TurnPart, { type: 'reasoning' }>
type InputItem =
  | { type: 'message'; role: 'user'; content: string | ContentPart[] }
  | { type: 'message'; role: 'assistant'; content: string; phase?: Phase }
  | { type: 'function_call'; call_id: string; name: string; arguments: string }
  | { type: 'function_call_output'; call_id: string; output: string }
  | Reasoning

/** The least that this wire takes as an output budget. */
const leastOutputTokens = 16

/** The body for `/v1/responses`: the provider keeps nothing, the whole history is in it. */
export function toResponsesRequest(
  { model, instructions, history, tools, maxOutputTokens }: ModelRequest,
  { strictFlag, parallelToolCalls, encryptedReasoning }: ModelProfile,
) {
  return {
    model,
    stream: true as const,
    store: false,
    ...(instructions && { instructions }),
    input: wireHistory(history).flatMap((entry) => toItems(entry, model)),
    ...(encryptedReasoning && { include: ['reasoning.encrypted_content' as const] }),
    ...(tools.length > 0 && { tools: tools.map((tool) => toTool(tool, strictFlag)) }),
    ...(tools.length > 0 && parallelToolCalls !== null && { parallel_tool_calls: parallelToolCalls }),
    ...(maxOutputTokens && { max_output_tokens: Math.max(leastOutputTokens, maxOutputTokens) }),
  }
}

function toItems(entry: WireEntry, model: string): InputItem[] {
  if (entry.role === 'user') return [{ type: 'message', role: 'user', content: toContent(entry) }]
  if (entry.role === 'tool') return [{ type: 'function_call_output', call_id: entry.wireId, output: entry.output }]
  return toTurn(entry, model)
}

function toContent({ text, files = [] }: Extract<WireEntry, { role: 'user' }>): string | ContentPart[] {
  if (files.length === 0) return text
  return [
    { type: 'input_text', text },
    ...files.map(({ name, mediaType, base64 }): ContentPart => {
      const data = `data:${mediaType};base64,${base64}`
      return isImage(mediaType)
        ? { type: 'input_image', image_url: data, detail: 'auto' }
        : { type: 'input_file', filename: name, file_data: data }
    }),
  ]
}

/** The items of one turn in the order in which the model made them; reasoning only in front of what came of it. */
function toTurn({ text, calls, reasoning }: Assistant, model: string): InputItem[] {
  const open = calls.map(toCall)
  let unsaid = text
  let thoughts: Reasoning[] = []
  const items = keptParts(reasoning, model).flatMap((part): InputItem[] => {
    if (part.type === 'reasoning') {
      thoughts.push(part)
      return []
    }
    const item = part.type === 'message' ? toMessage(unsaid, part.phase) : (open.shift() ?? null)
    if (part.type === 'message') unsaid = ''
    const before = thoughts
    thoughts = []
    return item ? [...before, item] : []
  })
  return [toMessage(unsaid), ...items, ...open].filter((item) => item !== null)
}

function toMessage(content: string, phase?: Phase): InputItem | null {
  return content ? { type: 'message', role: 'assistant', content, ...(phase && { phase }) } : null
}

function toCall({ wireId, name, arguments: text }: WireCall): InputItem {
  return { type: 'function_call', call_id: wireId, name, arguments: text }
}

function toTool({ calledAs, description, inputSchema }: ToolSpec, strictFlag: boolean) {
  const tool = { type: 'function' as const, name: calledAs, description, parameters: inputSchema, strict: false }
  if (strictFlag) return tool
  // The SDK's type wants the flag although servers exist that do not know it.
  const { strict: _, ...plain } = tool
  return plain as typeof tool
}
