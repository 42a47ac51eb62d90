import { z } from 'zod'

export type Api = 'responses' | 'chat'

/** What a provider may be particular about, besides what all of them are. */
export type Strictness = {
  /** Members and roles that this one does not know. */
  refuses: ('stream_options' | 'parallel_tool_calls' | 'strict' | 'developer' | 'max_completion_tokens' | 'include')[]
  /** Its own thinking must come back as `reasoning_content` beside the calls (`chat`). Otherwise that member is refused. */
  wantsThinkingBack: boolean
}

/** The conversation as the provider was shown it, one entry for each thing. */
export type Entry =
  | { user: string }
  | { assistant: string }
  | { call: string; id: string; arguments: string }
  | { output: string; id: string }
  | { thinking: string }

export type Read = {
  body: Record<string, unknown>
  model: string
  instructions: string
  transcript: Entry[]
  /** Names of the tools that were offered. */
  tools: string[]
  wantsUsage: boolean
  wantsReasoning: boolean
}

/** The request is wrong: the provider answers 400 with this message. */
export class Refused extends Error {
  readonly param: string | null

  constructor(message: string, param: string | null = null) {
    super(message)
    this.param = param
  }
}

const filled = z.string().min(1, 'must not be empty')
const name = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'is not a name of a tool')
const id = z.string().min(1).max(64)
const jsonObject = z.string().refine(isJsonObject, 'is not the JSON of an object')
const schema = z.looseObject({ type: z.literal('object') })

const dataUrl = z.string().regex(/^data:[a-z]+\/[a-z+-]+;base64,[A-Za-z0-9+/]+=*$/, 'is not a data URL')

/** What a person says may have files beside the words. */
const ChatContent = z.array(
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('text'), text: filled }),
    z.strictObject({ type: z.literal('image_url'), image_url: z.strictObject({ url: dataUrl }) }),
  ]),
)
const ResponsesContent = z.array(
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('input_text'), text: filled }),
    z.strictObject({ type: z.literal('input_image'), image_url: dataUrl, detail: z.enum(['auto', 'low', 'high']) }),
    z.strictObject({ type: z.literal('input_file'), filename: filled, file_data: dataUrl }),
  ]),
)

const ChatMessage = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'developer']), content: filled }),
  z.strictObject({ role: z.literal('user'), content: z.union([filled, ChatContent.min(1)]) }),
  z.strictObject({
    role: z.literal('assistant'),
    content: filled.nullish(),
    reasoning_content: filled.optional(),
    tool_calls: z
      .array(
        z.strictObject({
          id,
          type: z.literal('function'),
          function: z.strictObject({ name, arguments: jsonObject }),
        }),
      )
      .min(1)
      .optional(),
  }),
  z.strictObject({ role: z.literal('tool'), tool_call_id: id, content: z.string() }),
])

const Chat = z.strictObject({
  model: filled,
  messages: z.array(ChatMessage).min(1),
  stream: z.literal(true),
  stream_options: z.strictObject({ include_usage: z.boolean() }).optional(),
  tools: z
    .array(
      z.strictObject({
        type: z.literal('function'),
        function: z.strictObject({
          name,
          description: z.string().optional(),
          parameters: schema,
          strict: z.boolean().optional(),
        }),
      }),
    )
    .min(1)
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
  max_tokens: z.number().int().positive().optional(),
  max_completion_tokens: z.number().int().positive().optional(),
})

const InputItem = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('message'),
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: z.union([filled, ResponsesContent.min(1)]),
    phase: z.enum(['commentary', 'final_answer']).optional(),
  }),
  z.strictObject({ type: z.literal('function_call'), call_id: id, name, arguments: jsonObject, id: id.optional() }),
  z.strictObject({ type: z.literal('function_call_output'), call_id: id, output: z.string() }),
  z.strictObject({
    type: z.literal('reasoning'),
    id,
    summary: z.array(z.looseObject({ type: z.literal('summary_text'), text: z.string() })),
    content: z.array(z.looseObject({ type: z.literal('reasoning_text'), text: z.string() })).optional(),
    encrypted_content: z.string().optional(),
  }),
])

const Responses = z.strictObject({
  model: filled,
  instructions: filled.optional(),
  input: z.array(InputItem).min(1),
  stream: z.literal(true),
  store: z.literal(false),
  include: z.array(z.literal('reasoning.encrypted_content')).optional(),
  tools: z
    .array(
      z.strictObject({
        type: z.literal('function'),
        name,
        description: z.string().optional(),
        parameters: schema,
        strict: z.boolean().optional(),
      }),
    )
    .min(1)
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
  max_output_tokens: z.number().int().min(16).optional(),
})

/** Reads a request body as the real provider would. Throws `Refused` where that one answers 400. */
export function readRequest(
  api: Api,
  bytes: Uint8Array,
  { refuses = [], wantsThinkingBack = false }: Partial<Strictness>,
  reasoning: ReadonlyMap<string, string>,
): Read {
  const body = parsed(bytes)
  for (const member of refuses) if (mentions(body, member)) throw new Refused(`Unknown parameter: '${member}'.`, member)
  const read = api === 'chat' ? readChat(body) : readResponses(body)
  const names = read.tools.find((tool, at) => read.tools.indexOf(tool) !== at)
  if (names !== undefined) throw new Refused(`Tool names must be unique: ${names}`, 'tools')
  if (api === 'chat') checkThinkingBack(body, wantsThinkingBack, reasoning)
  else checkReasoning(read.transcript, reasoning)
  checkPairs(read.transcript, api)
  return read
}

function parsed(bytes: Uint8Array): unknown {
  let body: unknown
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new Refused('We could not parse the JSON body of your request.')
  }
  for (const string of stringsOf(body)) {
    if (!string.isWellFormed()) throw new Refused('A string is not well-formed Unicode.')
    if (string.includes('\0')) throw new Refused('A string holds U+0000.')
  }
  return body
}

function readChat(body: unknown): Read {
  const { model, messages, tools = [], stream_options } = checked(Chat, body)
  const [first] = messages
  const system = first?.role === 'system' || first?.role === 'developer' ? first.content : ''
  const transcript = messages.slice(system ? 1 : 0).flatMap((message): Entry[] => {
    if (message.role === 'tool') return [{ output: message.content, id: message.tool_call_id }]
    if (message.role === 'user') return [{ user: wordsOf(message.content) }]
    if (message.role !== 'assistant') throw new Refused('A system message stands in the middle.', 'messages')
    if (!message.content && !message.tool_calls) throw new Refused('An assistant message is empty.', 'messages')
    const calls = message.tool_calls ?? []
    return [
      ...(message.reasoning_content ? [{ thinking: message.reasoning_content }] : []),
      ...(message.content ? [{ assistant: message.content }] : []),
      ...calls.map((it) => ({ call: it.function.name, id: it.id, arguments: it.function.arguments })),
    ]
  })
  return {
    body: body as Record<string, unknown>,
    model,
    instructions: system,
    transcript,
    tools: tools.map((tool) => tool.function.name),
    wantsUsage: stream_options?.include_usage ?? false,
    wantsReasoning: false,
  }
}

function readResponses(body: unknown): Read {
  const { model, instructions = '', input, tools = [], include = [] } = checked(Responses, body)
  const transcript = input.map((item): Entry => {
    if (item.type === 'function_call') return { call: item.name, id: item.call_id, arguments: item.arguments }
    if (item.type === 'function_call_output') return { output: item.output, id: item.call_id }
    if (item.type === 'reasoning') return { thinking: item.id }
    if (item.role === 'user') return { user: wordsOf(item.content) }
    if (typeof item.content !== 'string') throw new Refused('Only a user message may have parts.', 'input')
    if (item.role === 'assistant') return { assistant: item.content }
    throw new Refused('A system message stands in the middle.', 'input')
  })
  return {
    body: body as Record<string, unknown>,
    model,
    instructions,
    transcript,
    tools: tools.map((tool) => tool.name),
    wantsUsage: true,
    wantsReasoning: include.length > 0,
  }
}

/** Files are named by their type. */
function wordsOf(content: string | readonly ({ type: string } & { text?: string })[]): string {
  if (typeof content === 'string') return content
  return content.map((part) => part.text ?? `[${part.type}]`).join('\n')
}

/** Every call has its answer before anything else is said, every answer its call, and no id stands for two calls. */
function checkPairs(transcript: readonly Entry[], api: Api): void {
  const open = new Set<string>()
  const known = new Set<string>()
  let answering = false
  for (const entry of transcript) {
    if ('output' in entry) {
      if (!open.delete(entry.id)) throw new Refused(`No tool call found for the output of ${entry.id}.`)
      answering = true
    } else if ('call' in entry) {
      if (answering && open.size > 0) throw new Refused(`No tool output found for ${[...open]}.`)
      if (known.has(entry.id) && (api === 'responses' || open.has(entry.id)))
        throw new Refused(`Duplicate call id ${entry.id}.`)
      open.add(entry.id)
      known.add(entry.id)
      answering = false
    } else if (open.size > 0 && (answering || 'user' in entry)) {
      throw new Refused(`No tool output found for ${[...open]}.`)
    }
  }
  if (open.size > 0) throw new Refused(`No tool output found for ${[...open]}.`)
}

/** A call that was made after thinking stands behind its reasoning item, with nothing but calls in between. */
function checkReasoning(transcript: readonly Entry[], reasoning: ReadonlyMap<string, string>): void {
  for (const [at, entry] of transcript.entries()) {
    if ('thinking' in entry) {
      const next = transcript[at + 1]
      if (!next || 'user' in next || 'output' in next)
        throw new Refused(
          `Item '${entry.thinking}' of type 'reasoning' was provided without its required following item.`,
        )
    }
    const wanted = 'call' in entry ? reasoning.get(entry.id) : undefined
    if (wanted === undefined) continue
    const before = transcript.slice(0, at).findLast((it) => !('call' in it) && !('assistant' in it))
    if (!before || !('thinking' in before) || before.thinking !== wanted)
      throw new Refused(`'function_call' was provided without its required 'reasoning' item: '${wanted}'.`)
  }
}

function checkThinkingBack(body: unknown, wanted: boolean, reasoning: ReadonlyMap<string, string>): void {
  for (const message of checked(Chat, body).messages) {
    if (message.role !== 'assistant') continue
    const { reasoning_content: given, tool_calls: calls = [] } = message
    if (!wanted && given !== undefined) throw new Refused(`Unknown parameter: 'reasoning_content'.`, 'messages')
    const expected = calls.map((call) => reasoning.get(call.id)).find((it) => it !== undefined)
    if (wanted && expected !== undefined && given !== expected)
      throw new Refused('The reasoning_content of the tool turn must be passed back.', 'messages')
  }
}

function checked<T>(shape: z.ZodType<T>, body: unknown): T {
  const { data, error } = shape.safeParse(body)
  if (data !== undefined) return data
  const [issue] = error?.issues ?? []
  const path = issue?.path.join('.') ?? ''
  throw new Refused(`Invalid '${path}': ${issue?.message}`, path || null)
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

function* stringsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (typeof value === 'object' && value !== null)
    for (const [key, member] of Object.entries(value)) {
      yield key
      yield* stringsOf(member)
    }
}

function mentions(body: unknown, word: string): boolean {
  if (typeof body !== 'object' || body === null) return false
  return Object.entries(body).some(([key, value]) => key === word || value === word || mentions(value, word))
}
