import { z } from 'zod'
import { asText, id, iso, joined, namedFile, optional, said } from './foreign-fields.ts'
import type { ForeignCall, Said } from './saying.ts'
import type { Tree } from './tree.ts'

const Call = z.object({
  id: optional(z.string()),
  name: optional(z.string()),
  args: z.unknown().optional(),
  output: z.unknown().optional(),
  function: optional(
    z.object({ name: optional(z.string()), arguments: z.unknown().optional(), output: z.unknown().optional() }),
  ),
})

const Message = z.object({
  messageId: z.string(),
  parentMessageId: z.string().nullish(),
  text: z.string().nullish(),
  content: z.array(z.object({ type: z.string(), text: z.unknown().optional(), tool_call: optional(Call) })).nullish(),
  isCreatedByUser: z.boolean(),
  createdAt: iso.nullish(),
  model: optional(z.string()),
  error: optional(z.boolean()),
  unfinished: optional(z.boolean()),
  feedback: optional(z.object({ rating: optional(z.string()) })),
  files: optional(z.array(z.object({ filename: z.string().nullish() }))),
  attachments: optional(z.array(z.object({ filename: z.string().nullish() }))),
})

/** A conversation as LibreChat exports it to JSON, recursive or not. */
export const Librechat = z
  .object({
    conversationId: id,
    title: z.string().nullish(),
    exportAt: z.string().nullish(),
    options: optional(z.object({ model: optional(z.string()) })),
    messages: z.array(z.unknown()).transform(flattened).pipe(z.array(Message)),
  })
  .transform((it): Tree => {
    const times = it.messages.flatMap(({ createdAt }) => createdAt ?? [])
    const createdAt = times.toSorted((a, b) => +a - +b)[0] ?? new Date(0)
    return {
      origin: `librechat:${it.conversationId}`,
      title: it.title ?? '',
      createdAt,
      updatedAt: times.toSorted((a, b) => +b - +a)[0] ?? createdAt,
      archived: false,
      pinned: false,
      current: null,
      nodes: it.messages.map((message) => ({
        id: message.messageId,
        parent: message.parentMessageId ?? null,
        time: message.createdAt ?? null,
        said: saidIn(message, it.options?.model),
      })),
    }
  })

/** A list, or with `recursive` each message with its answers below it. */
function flattened(messages: unknown[]): unknown[] {
  const flat: unknown[] = []
  const todo = [...messages].reverse()
  while (todo.length > 0) {
    const message = todo.pop()
    flat.push(message)
    if (typeof message === 'object' && message !== null && 'children' in message && Array.isArray(message.children))
      for (const child of message.children.toReversed()) todo.push(child) // a call takes only so many arguments
  }
  return flat
}

function saidIn(message: z.output<typeof Message>, standard: string | null | undefined): Said | null {
  const { content, error, feedback, isCreatedByUser, model, text, unfinished } = message
  const texts = (content ?? []).map((it) => (it.type === 'text' ? textIn(it.text) : ''))
  const files = [...(message.files ?? []), ...(message.attachments ?? [])].map(({ filename }) => namedFile(filename))
  const rating = feedback?.rating
  return said(isCreatedByUser ? 'user' : 'assistant', joined([joined(texts) || text, ...files]), {
    model: model ?? standard ?? null,
    calls: (content ?? []).flatMap(({ tool_call }, at) => (tool_call ? [callIn(tool_call, at)] : [])),
    ...((error || unfinished) && { status: error ? 'FAILED' : 'STOPPED' }),
    ...(rating === 'thumbsUp' && { feedback: 'UP' }),
    ...(rating === 'thumbsDown' && { feedback: 'DOWN' }),
  })
}

function textIn(text: unknown): string {
  if (typeof text === 'string') return text
  return typeof text === 'object' && text !== null && 'value' in text && typeof text.value === 'string'
    ? text.value
    : ''
}

function callIn(call: z.output<typeof Call>, at: number): ForeignCall {
  const output = call.output ?? call.function?.output
  return {
    id: call.id ?? `call ${at}`,
    name: call.name ?? call.function?.name ?? 'tool',
    arguments: asText(call.args ?? call.function?.arguments),
    result: output == null ? null : asText(output),
  }
}
