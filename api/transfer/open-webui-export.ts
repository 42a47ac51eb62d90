import { z } from 'zod'
import { asText, id, joined, milliseconds, namedFile, optional, said, seconds } from './foreign-fields.ts'
import type { ForeignCall, Said } from './saying.ts'
import type { Tree } from './tree.ts'

const Message = z.object({
  id: z.string(),
  parentId: z.string().nullish(),
  role: z.string(),
  content: z.string().nullish(),
  timestamp: seconds.nullish(),
  model: optional(z.string()),
  done: optional(z.boolean()),
  error: z.unknown().optional(),
  annotation: optional(z.object({ rating: z.unknown().optional() })),
  files: optional(z.array(z.object({ name: z.string().nullish() }))),
})

/** A chat as Open WebUI exports it. */
export const OpenWebui = z
  .object({
    id,
    title: z.string().nullish(),
    created_at: seconds.nullish(),
    updated_at: seconds.nullish(),
    archived: z.boolean().nullish(),
    pinned: z.boolean().nullish(),
    chat: z.object({
      title: z.string().nullish(),
      timestamp: milliseconds.nullish(),
      models: optional(z.array(z.string())),
      history: z.object({ messages: z.record(z.string(), Message), currentId: z.string().nullish() }),
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
        said: saidIn(message, it.chat.models?.[0]),
      })),
    }
  })

function saidIn(message: z.output<typeof Message>, standard: string | undefined): Said | null {
  const { annotation, done, error, files, model, role } = message
  const { text, calls } = withoutDetails(message.content ?? '')
  const isCut = done === false || (error != null && error !== false)
  const rating = Number(annotation?.rating)
  return said(role, joined([text, ...(files ?? []).map(({ name }) => namedFile(name))]), {
    model: model ?? standard ?? null,
    calls,
    ...(isCut && { status: done === false ? 'INTERRUPTED' : 'FAILED' }),
    ...(rating === 1 && { feedback: 'UP' }),
    ...(rating === -1 && { feedback: 'DOWN' }),
  })
}

const opening = /<details type="(tool_calls|reasoning)"/g
const closing = '</details>'

/** Calls stand in the text, folded up; so does what the model thought, which we do not show. */
function withoutDetails(content: string): { text: string; calls: ForeignCall[] } {
  const calls: ForeignCall[] = []
  const kept: string[] = []
  let at = 0
  // Not one expression for all of it: that would look for the end again from each beginning that has none.
  for (const { index, 0: begun, 1: type } of content.matchAll(opening)) {
    if (index < at) continue
    const bracket = content.indexOf('>', index)
    const end = bracket < 0 ? -1 : content.indexOf(closing, bracket)
    if (end < 0) break
    kept.push(content.slice(at, index))
    if (type === 'tool_calls') calls.push(callIn(content.slice(index + begun.length, bracket), calls.length))
    at = end + closing.length
  }
  if (at === 0) return { text: content, calls }
  kept.push(content.slice(at))
  return { text: kept.join('').trim(), calls }
}

function callIn(attributes: string, at: number): ForeignCall {
  const values = new Map(
    [...attributes.matchAll(/\b(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, unescaped(value)]),
  )
  const result = values.get('result')
  return {
    id: values.get('id') || `call ${at}`,
    name: values.get('name') || 'tool',
    arguments: insideJson(values.get('arguments') ?? ''),
    result: result === undefined ? null : insideJson(result),
  }
}

const signs: Record<string, string> = { quot: '"', amp: '&', lt: '<', gt: '>', '#x27': "'", '#39': "'" }
const unescaped = (text: string) =>
  text.replace(/&(quot|amp|lt|gt|#x27|#39);/g, (all, name: string) => signs[name] ?? all)

/** They are JSON, of which the text is what counts: `"{\\"city\\": …}"`. */
function insideJson(text: string): string {
  try {
    return asText(JSON.parse(text))
  } catch {
    return text
  }
}
