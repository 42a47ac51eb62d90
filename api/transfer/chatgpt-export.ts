import { z } from 'zod'
import { id, joined, namedFile, optional, said, seconds } from './foreign-fields.ts'
import type { Said } from './saying.ts'
import type { Tree } from './tree.ts'

const Message = z.object({
  author: z.object({ role: z.string(), name: z.string().nullish() }),
  create_time: seconds.nullish(),
  status: optional(z.string()),
  recipient: z.string().nullish(),
  content: z.object({
    content_type: z.string(),
    parts: z.array(z.unknown()).nullish(),
    text: z.string().nullish(),
    result: optional(z.string()),
    language: z.string().nullish(),
  }),
  metadata: z
    .object({
      is_visually_hidden_from_conversation: z.boolean().nullish(),
      model_slug: optional(z.string()),
      attachments: optional(z.array(z.object({ name: z.string().nullish() }))),
    })
    .nullish(),
})

type Node = { id: string; message?: z.output<typeof Message> | null | undefined; parent?: string | null | undefined }
type Mapping = Record<string, Node>

/** A conversation of `conversations.json`, as ChatGPT exports it. */
export const Chatgpt = z
  .object({
    title: z.string().nullish(),
    create_time: seconds,
    update_time: seconds.nullish(),
    conversation_id: id.nullish(),
    id: id.nullish(),
    current_node: z.string().nullish(),
    is_archived: z.boolean().nullish(),
    default_model_slug: optional(z.string()),
    mapping: z.record(
      z.string(),
      z.object({ id: z.string(), message: Message.nullish(), parent: z.string().nullish() }),
    ),
  })
  .refine((it) => it.conversation_id || it.id, 'has no id')
  .transform((it): Tree => {
    const results = resultsOfCalls(it.mapping)
    return {
      origin: `chatgpt:${it.conversation_id ?? it.id}`,
      title: it.title ?? '',
      createdAt: it.create_time,
      updatedAt: it.update_time ?? it.create_time,
      archived: it.is_archived ?? false,
      pinned: false,
      current: it.current_node ?? null,
      nodes: Object.values(it.mapping).map((node) => ({
        id: node.id,
        parent: node.parent ?? null,
        time: node.message?.create_time ?? null,
        said: saidIn(node, results, it.default_model_slug),
      })),
    }
  })

/** What the assistant says to a tool, not to the person. */
const calls = ({ message }: Node) =>
  message?.author.role === 'assistant' && message.recipient != null && message.recipient !== 'all'

/** By call: tools answer below it, in messages of their own. */
function resultsOfCalls(mapping: Mapping): Map<string, string> {
  const callAbove = callsAbove(mapping)
  const texts = new Map<string, string[]>()
  for (const node of Object.values(mapping)) {
    if (node.message?.author.role !== 'tool') continue
    const call = callAbove(node)
    if (!call) continue
    const before = texts.get(call.id)
    if (before) before.push(textOf(node.message.content))
    else texts.set(call.id, [textOf(node.message.content)])
  }
  return new Map([...texts].map(([id, parts]) => [id, joined(parts)]))
}

/** Between a call and what it gave are other results, and nodes without a message. */
function callsAbove(mapping: Mapping): (node: Node) => Node | null {
  const byId = new Map(Object.entries(mapping))
  const known = new Map<Node, Node | null>()
  const isBetween = ({ message }: Node) => !message || message.author.role === 'tool'
  return (from) => {
    const climbed: Node[] = []
    let node: Node | undefined = from
    while (node && !calls(node) && !known.has(node) && isBetween(node)) {
      known.set(node, null) // which also ends circles
      climbed.push(node)
      node = node.parent == null ? undefined : byId.get(node.parent)
    }
    const call = node ? (known.get(node) ?? (calls(node) ? node : null)) : null
    for (const it of climbed) known.set(it, call)
    return call
  }
}

function saidIn(node: Node, results: Map<string, string>, standard: string | null | undefined): Said | null {
  const { message } = node
  if (!message || message.metadata?.is_visually_hidden_from_conversation) return null
  const { author, content, metadata, recipient, status } = message
  const model = metadata?.model_slug ?? standard ?? null
  if (calls(node)) {
    const result = results.get(node.id) ?? null
    const call = { id: node.id, name: recipient ?? 'tool', arguments: textOf(content), result }
    return said(author.role, '', { model, calls: [call] })
  }
  const files = (metadata?.attachments ?? []).map(({ name }) => namedFile(name))
  const isStopped = status === 'finished_partial_completion'
  return said(author.role, joined([textOf(content), ...files]), { model, ...(isStopped && { status: 'STOPPED' }) })
}

function textOf({ content_type, language, parts, result, text }: z.output<typeof Message>['content']): string {
  if (content_type === 'code') return `\`\`\`${language === 'unknown' ? '' : (language ?? '')}\n${text ?? ''}\n\`\`\``
  return joined((parts ?? []).map((part) => (typeof part === 'string' ? part : partText(part)))) || text || result || ''
}

/** Images are not in the file: what remains is that there was one. */
function partText(part: unknown): string {
  if (typeof part !== 'object' || part === null) return ''
  if ('text' in part && typeof part.text === 'string') return part.text
  return 'content_type' in part && part.content_type === 'image_asset_pointer' ? '*(an image)*' : ''
}
