import { z } from 'zod'
import { firstProblem, type ReadConversation } from './read-bundle.ts'
import { movedFromTree, type Tree, type TreeNode } from './tree.ts'

export const foreignFormats = ['chatgpt', 'claude', 'librechat', 'open-webui'] as const

export type ForeignFormat = (typeof foreignFormats)[number]

/** Which program wrote this export; null when none that is known. */
export function formatOf(value: unknown): ForeignFormat | null {
  const first: unknown = Array.isArray(value) ? value.find((it) => typeof it === 'object' && it !== null) : value
  if (typeof first !== 'object' || first === null) return null
  if ('mapping' in first) return 'chatgpt'
  if ('chat_messages' in first) return 'claude'
  if ('chat' in first) return 'open-webui'
  return 'conversationId' in first && 'messages' in first ? 'librechat' : null
}

/** The conversations of another program's export, one by one; one that is damaged is told in its place. */
export function* readForeign(format: ForeignFormat, value: unknown): Generator<ReadConversation> {
  for (const [at, it] of (Array.isArray(value) ? value : [value]).entries()) {
    const { data, error } = readers[format].safeParse(it)
    if (!data) yield { name: nameOf(it) ?? `number ${at + 1}`, problem: firstProblem(error) }
    else if (data.nodes.length === 0) yield { name: data.title || `number ${at + 1}`, problem: 'has no messages' }
    else {
      const moved = movedFromTree(data)
      const name = moved.conversation.title
      yield moved.messages.length === 0 ? { name, problem: 'has no text' } : { name, moved }
    }
  }
}

function nameOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null
  const name = 'title' in value ? value.title : 'name' in value ? value.name : null
  return typeof name === 'string' && name.trim() !== '' ? name.slice(0, 200) : null
}

const longAgo = -62_135_596_800_000 // year 1
const farAhead = 253_402_300_799_999 // year 9999

const date = z
  .number()
  .transform((ms) => Math.trunc(ms))
  .refine((ms) => ms >= longAgo && ms <= farAhead, 'is not a time')
  .transform((ms) => new Date(ms))
const seconds = z
  .number()
  .transform((s) => s * 1_000)
  .pipe(date)
const iso = z
  .string()
  .transform((text) => Date.parse(text))
  .pipe(date)
const id = z.string().min(1).max(100)

function roleOf(role: string): 'USER' | 'ASSISTANT' | 'SYSTEM' | null {
  if (role === 'user' || role === 'human') return 'USER'
  return role === 'assistant' ? 'ASSISTANT' : role === 'system' ? 'SYSTEM' : null
}

function said(role: string, content: string): TreeNode['said'] {
  const known = roleOf(role)
  return known && content.trim() !== '' ? { role: known, content } : null
}

const ChatgptMessage = z.object({
  author: z.object({ role: z.string() }),
  create_time: seconds.nullish(),
  recipient: z.string().nullish(),
  content: z.object({
    content_type: z.string(),
    parts: z.array(z.unknown()).nullish(),
    text: z.string().nullish(),
    language: z.string().nullish(),
  }),
  metadata: z.object({ is_visually_hidden_from_conversation: z.boolean().nullish() }).nullish(),
})

const Chatgpt = z
  .object({
    title: z.string().nullish(),
    create_time: seconds,
    update_time: seconds.nullish(),
    conversation_id: id.nullish(),
    id: id.nullish(),
    current_node: z.string().nullish(),
    is_archived: z.boolean().nullish(),
    mapping: z.record(
      z.string(),
      z.object({ id: z.string(), message: ChatgptMessage.nullish(), parent: z.string().nullish() }),
    ),
  })
  .refine((it) => it.conversation_id || it.id, 'has no id')
  .transform(
    (it): Tree => ({
      origin: `chatgpt:${it.conversation_id ?? it.id}`,
      title: it.title ?? '',
      createdAt: it.create_time,
      updatedAt: it.update_time ?? it.create_time,
      archived: it.is_archived ?? false,
      pinned: false,
      current: it.current_node ?? null,
      nodes: Object.values(it.mapping).map(({ id, message, parent }) => ({
        id,
        parent: parent ?? null,
        time: message?.create_time ?? null,
        said: message ? chatgptSaid(message) : null,
      })),
    }),
  )

/** What was said between the model and its tools is not shown there either. */
function chatgptSaid({ author, content, metadata, recipient }: z.output<typeof ChatgptMessage>): TreeNode['said'] {
  if (metadata?.is_visually_hidden_from_conversation || (recipient && recipient !== 'all')) return null
  if (content.content_type === 'code')
    return said(author.role, `\`\`\`${content.language ?? ''}\n${content.text ?? ''}\n\`\`\``)
  const parts = (content.parts ?? []).map((part) => (typeof part === 'string' ? part : partText(part)))
  return said(author.role, parts.filter((it) => it !== '').join('\n\n') || (content.text ?? ''))
}

/** Files are not in the export: what remains is that there was one. */
function partText(part: unknown): string {
  if (typeof part !== 'object' || part === null) return ''
  if ('text' in part && typeof part.text === 'string') return part.text
  return 'content_type' in part && part.content_type === 'image_asset_pointer' ? '*(an image)*' : ''
}

const ClaudeMessage = z.object({
  uuid: z.string(),
  sender: z.string(),
  text: z.string().nullish(),
  content: z.array(z.object({ type: z.string(), text: z.string().nullish() })).nullish(),
  created_at: iso,
  parent_message_uuid: z.string().nullish(),
})

const Claude = z
  .object({
    uuid: id,
    name: z.string().nullish(),
    created_at: iso,
    updated_at: iso.nullish(),
    is_starred: z.boolean().nullish(),
    current_leaf_message_uuid: z.string().nullish(),
    chat_messages: z.array(ClaudeMessage),
  })
  .transform(
    (it): Tree => ({
      origin: `claude:${it.uuid}`,
      title: it.name ?? '',
      createdAt: it.created_at,
      updatedAt: it.updated_at ?? it.created_at,
      archived: false,
      pinned: it.is_starred ?? false,
      current: it.current_leaf_message_uuid ?? null,
      nodes: it.chat_messages.map((message, at, all) => ({
        id: message.uuid,
        // Older exports are lists: each message follows the one before.
        parent: message.parent_message_uuid ?? all[at - 1]?.uuid ?? null,
        time: message.created_at,
        said: said(message.sender, claudeText(message)),
      })),
    }),
  )

function claudeText({ content, text }: z.output<typeof ClaudeMessage>): string {
  const parts = (content ?? []).flatMap((it) => (it.type === 'text' && it.text ? [it.text] : []))
  return parts.length > 0 ? parts.join('\n\n') : (text ?? '')
}

const LibrechatMessage = z.object({
  messageId: z.string(),
  parentMessageId: z.string().nullish(),
  text: z.string().nullish(),
  content: z.array(z.object({ type: z.string(), text: z.unknown() })).nullish(),
  isCreatedByUser: z.boolean(),
  createdAt: iso.nullish(),
})
type LibrechatNode = z.output<typeof LibrechatMessage>

const Librechat = z
  .object({
    conversationId: id,
    title: z.string().nullish(),
    exportAt: z.string().nullish(),
    messages: z.array(z.unknown()).transform(flattened).pipe(z.array(LibrechatMessage)),
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
        said: said(message.isCreatedByUser ? 'user' : 'assistant', librechatText(message)),
      })),
    }
  })

/** It exports a list, or with `recursive` each message with its answers below it. */
function flattened(messages: unknown[]): unknown[] {
  const flat: unknown[] = []
  const todo = [...messages].reverse()
  while (todo.length > 0) {
    const message = todo.pop()
    flat.push(message)
    if (typeof message === 'object' && message !== null && 'children' in message && Array.isArray(message.children))
      todo.push(...[...message.children].reverse())
  }
  return flat
}

function librechatText({ content, text }: LibrechatNode): string {
  const parts = (content ?? []).flatMap((it) => {
    if (it.type !== 'text') return []
    if (typeof it.text === 'string') return [it.text]
    const inner = it.text
    return typeof inner === 'object' && inner !== null && 'value' in inner && typeof inner.value === 'string'
      ? [inner.value]
      : []
  })
  return parts.length > 0 ? parts.join('\n\n') : (text ?? '')
}

const OpenWebuiMessage = z.object({
  id: z.string(),
  parentId: z.string().nullish(),
  role: z.string(),
  content: z.string().nullish(),
  timestamp: seconds.nullish(),
})

const OpenWebui = z
  .object({
    id,
    title: z.string().nullish(),
    created_at: seconds.nullish(),
    updated_at: seconds.nullish(),
    archived: z.boolean().nullish(),
    pinned: z.boolean().nullish(),
    chat: z.object({
      title: z.string().nullish(),
      timestamp: date.nullish(),
      history: z.object({ messages: z.record(z.string(), OpenWebuiMessage), currentId: z.string().nullish() }),
    }),
  })
  .transform((it): Tree => {
    const createdAt = it.created_at ?? it.chat.timestamp ?? new Date(0)
    return {
      origin: `open-webui:${it.id}`,
      title: it.title ?? it.chat.title ?? '',
      createdAt,
      updatedAt: it.updated_at ?? createdAt,
      archived: it.archived ?? false,
      pinned: it.pinned ?? false,
      current: it.chat.history.currentId ?? null,
      nodes: Object.values(it.chat.history.messages).map((message) => ({
        id: message.id,
        parent: message.parentId ?? null,
        time: message.timestamp ?? null,
        said: said(message.role, message.content ?? ''),
      })),
    }
  })

const readers: Record<ForeignFormat, z.ZodType<Tree>> = {
  chatgpt: Chatgpt,
  claude: Claude,
  librechat: Librechat,
  'open-webui': OpenWebui,
}
