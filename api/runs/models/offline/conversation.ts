import { z } from 'zod'

/** On either wire: parts that hold text, and parts that hold a picture or a document. */
const Content = z.union([z.string(), z.array(z.object({ type: z.string(), text: z.string().optional() }))])

const Body = z.object({
  instructions: z.string().default(''),
  tools: z.array(z.object({ name: z.string() })).default([]),
  input: z.array(
    z.union([
      z.object({ type: z.literal('message'), role: z.enum(['user', 'assistant']), content: Content }),
      z.object({ type: z.literal('function_call'), call_id: z.string(), name: z.string(), arguments: z.string() }),
      z.object({ type: z.literal('function_call_output'), call_id: z.string(), output: z.string() }),
    ]),
  ),
})

export type Call = { name: string; arguments: Record<string, unknown> }

/** What came of a call: what the tool gave back, or in words why it gave nothing. */
export type Result = { ok: true; value: Record<string, unknown> } | { ok: false; message: string }

/** A request as the offline assistant sees it. */
export type Conversation = {
  instructions: string
  tools: ReadonlySet<string>
  /** The question that is to be answered. */
  question: string
  /** Whether files came along with it. */
  files: boolean
  isFirst: boolean
  /** The results of earlier answers, the newest last. */
  before: Result[]
  /** The results of this answer so far, one list for each turn. */
  sofar: Result[][]
}

/** Reads the body of a request on the Responses wire. Throws when it is none. */
export function conversationIn(body: string): Conversation {
  const { instructions, tools, input } = Body.parse(JSON.parse(body))
  const at = input.findLastIndex((item) => item.type === 'message' && item.role === 'user')
  const question = input[at]
  return {
    instructions,
    tools: new Set(tools.map((tool) => tool.name)),
    ...asked(question?.type === 'message' ? question.content : ''),
    isFirst: !input.slice(0, Math.max(0, at)).some((item) => item.type === 'message' && item.role === 'user'),
    before: turnsIn(input.slice(0, Math.max(0, at))).flat(),
    sofar: turnsIn(input.slice(at + 1)),
  }
}

/** What a person wrote. Files that are text stand behind it, and nothing in them is a request. */
function asked(content: z.output<typeof Content>): Pick<Conversation, 'question' | 'files'> {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  const [question = '', ...texts] = parts
    .map((part) => part.text ?? '')
    .join('')
    .split('\n\n[File "')
  return { question, files: texts.length > 0 || parts.some((part) => part.text === undefined) }
}

type Item = z.output<typeof Body>['input'][number]

/** Results in the order of their calls; calls with nothing but calls between them are one turn. */
function turnsIn(items: readonly Item[]): Result[][] {
  const outputs = new Map(
    items.flatMap((item) => (item.type === 'function_call_output' ? [[item.call_id, item.output]] : [])),
  )
  const turns: Result[][] = []
  for (const [at, item] of items.entries()) {
    if (item.type !== 'function_call') continue
    if (items[at - 1]?.type !== 'function_call') turns.push([])
    turns.at(-1)?.push(resultOf(outputs.get(item.call_id) ?? 'it gave no result'))
  }
  return turns
}

function resultOf(output: string): Result {
  try {
    const value: unknown = JSON.parse(output)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ok: true, value: { ...value } }
  } catch {
    // A tool that failed says so in words.
  }
  return { ok: false, message: output }
}
