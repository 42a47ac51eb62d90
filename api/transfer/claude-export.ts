import { z } from 'zod'
import { asText, id, iso, joined, namedFile, optional, said } from './foreign-fields.ts'
import type { ForeignCall, Said } from './saying.ts'
import type { Tree } from './tree.ts'

const Part = z.object({
  type: z.string(),
  text: z.string().nullish(),
  id: optional(z.string()),
  tool_use_id: optional(z.string()),
  name: optional(z.string()),
  input: z.unknown().optional(),
  content: z.unknown().optional(),
  is_error: optional(z.boolean()),
})

const Message = z.object({
  uuid: z.string(),
  sender: z.string(),
  text: z.string().nullish(),
  content: z.array(Part).nullish(),
  created_at: iso,
  parent_message_uuid: z.string().nullish(),
  model: optional(z.string()),
  attachments: optional(
    z.array(z.object({ file_name: z.string().nullish(), extracted_content: z.string().nullish() })),
  ),
  files: optional(z.array(z.object({ file_name: z.string().nullish() }))),
})

/** A conversation of `conversations.json`, as Claude exports it. */
export const Claude = z
  .object({
    uuid: id,
    name: z.string().nullish(),
    created_at: iso,
    updated_at: iso.nullish(),
    is_starred: z.boolean().nullish(),
    model: optional(z.string()),
    current_leaf_message_uuid: z.string().nullish(),
    chat_messages: z.array(Message),
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
        said: saidIn(message, it.model),
      })),
    }),
  )

function saidIn(message: z.output<typeof Message>, standard: string | null | undefined): Said | null {
  const { attachments, content, files, model, sender, text } = message
  const texts = (content ?? []).flatMap((it) => (it.type === 'text' && it.text ? [it.text] : []))
  const extracted = attachments ?? []
  const named = [...(files ?? []), ...extracted.filter((it) => !it.extracted_content)]
  return said(
    sender,
    joined([texts.length > 0 ? joined(texts) : text, ...named.map((it) => namedFile(it.file_name))]),
    {
      model: model ?? standard ?? null,
      calls: callsIn(content ?? []),
      files: extracted.flatMap((it) =>
        it.extracted_content ? [{ name: it.file_name, text: it.extracted_content }] : [],
      ),
    },
  )
}

/** A result names its call in newer exports; in older ones it follows it. */
function callsIn(parts: readonly z.output<typeof Part>[]): ForeignCall[] {
  const found: ForeignCall[] = []
  const byId = new Map<string | null | undefined, ForeignCall>()
  let answered = 0 // so many from the beginning on have their result
  for (const [at, part] of parts.entries()) {
    if (part.type === 'tool_use') {
      const id = part.id ?? `use ${at}`
      const call = { id, name: part.name ?? 'tool', arguments: asText(part.input), result: null }
      found.push(call)
      byId.set(id, call)
    }
    if (part.type !== 'tool_result') continue
    const named = byId.get(part.tool_use_id)
    while (answered < found.length && found[answered]?.result !== null) answered++
    const call = named?.result === null ? named : found[answered]
    if (call) Object.assign(call, { result: resultOf(part.content), failed: part.is_error ?? false })
  }
  return found
}

function resultOf(content: unknown): string {
  if (!Array.isArray(content)) return asText(content)
  return joined(content.map((it: unknown) => textIn(it) ?? asText(it)))
}

const textIn = (it: unknown) =>
  typeof it === 'object' && it !== null && 'text' in it && typeof it.text === 'string' ? it.text : null
