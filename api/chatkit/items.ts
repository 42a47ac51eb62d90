import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import type { AttachmentLinks } from '../conversations/attachment-links.ts'
import { listMessages } from '../conversations/conversations.ts'
import { Message } from '../conversations/message.entity.ts'
import { notFound } from '../errors.ts'
import type { PageLimits } from '../page.ts'
import { findToolCalls, toolCallsOfMessages } from '../runs/reading.ts'
import type { ToolCall } from '../runs/tool-call.entity.ts'
import { filesOf } from './files.ts'
import type { Page, Paging, ThreadItem } from './protocol.ts'
import { pageOf, pageSize } from './threads.ts'
import { callOfItem, messageOfItem, toItems } from './translate.ts'
import { type ChatkitWords, wordsFor } from './words.ts'

export type ItemParts = { links: AttachmentLinks; limits: PageLimits; words: ChatkitWords }

/**
 * A page of a conversation's items, ordered by (number of the message, kind): what was said stands before the workflow
 * and the widgets of the same turn. Reads no more rows than the page needs. Throws NOT_FOUND when `after` is no item of the conversation.
 */
export async function listItems(
  em: SqlEntityManager,
  viewer: Viewer,
  conversationId: string,
  parts: ItemParts,
  { limit, order, after }: Paging,
): Promise<Page<ThreadItem>> {
  const size = pageSize(limit, parts.limits)
  const items: ThreadItem[] = []
  for await (const item of new ItemReader(em, viewer, conversationId, parts, order).beyond(after ?? null, size + 1)) {
    items.push(item)
    if (items.length > size) break
  }
  return pageOf(items.slice(0, size), items.length > size)
}

/** Where an item belongs: its message, with the calls that were made in it, and its place among the message's items. */
export type ItemPlace = { message: Message; calls: ToolCall[]; index: number }

/** Which items there are does not depend on the language. */
const anyWords = wordsFor(new Headers())

/** Throws NOT_FOUND when the conversation has no such item. */
export async function itemPlace(
  em: SqlEntityManager,
  viewer: Viewer,
  conversationId: string,
  itemId: string,
): Promise<ItemPlace> {
  const messageId = messageOfItem(itemId) ?? (await messageOfCall(em, viewer, callOfItem(itemId)))
  const where = { id: messageId ?? '', conversationId, ...owned(viewer) }
  const message = messageId === null ? null : await em.findOne(Message, where)
  if (!message) throw notFound('item')
  const calls = (await toolCallsOfMessages(em, viewer, [message.id])).get(message.id) ?? []
  const index = toItems(message, calls, anyWords).findIndex(({ id }) => id === itemId)
  if (index === -1) throw notFound('item')
  return { message, calls, index }
}

async function messageOfCall(em: SqlEntityManager, viewer: Viewer, callId: string | null): Promise<string | null> {
  if (callId === null) return null
  return (await findToolCalls(em, viewer, [callId])).get(callId)?.messageId ?? null
}

class ItemReader {
  readonly #em: SqlEntityManager
  readonly #viewer: Viewer
  readonly #conversationId: string
  readonly #parts: ItemParts
  readonly #forwards: boolean

  constructor(em: SqlEntityManager, viewer: Viewer, conversationId: string, parts: ItemParts, order: 'asc' | 'desc') {
    this.#em = em
    this.#viewer = viewer
    this.#conversationId = conversationId
    this.#parts = parts
    this.#forwards = order === 'asc'
  }

  /** All items behind this one, read `batch` messages at a time: a message has no item, one or several. */
  async *beyond(itemId: string | null, batch: number): AsyncGenerator<ThreadItem, void> {
    const from = itemId === null ? null : await this.#message(itemId)
    if (from) yield* from.rest
    const first = Math.min(batch, this.#parts.limits.pageMax)
    let cursor = from?.cursor ?? null
    for (let more = true; more; ) {
      const page = await this.#page(first, cursor)
      const messages = this.#forwards ? page.nodes : page.nodes.toReversed()
      yield* await this.#items(messages)
      const last = messages.at(-1)
      if (!last) return
      cursor = page.cursorOf(last)
      more = this.#forwards ? page.hasNextPage : page.hasPreviousPage
    }
  }

  #page(size: number, cursor: string | null) {
    const { limits } = this.#parts
    const args = this.#forwards ? { first: size, after: cursor } : { last: size, before: cursor }
    return listMessages(this.#em, this.#viewer, this.#conversationId, { ...args, limits })
  }

  async #items(messages: Message[]): Promise<ThreadItem[]> {
    const spoken = messages.filter((message) => message.role === 'ASSISTANT').map((message) => message.id)
    const calls = spoken.length > 0 ? await toolCallsOfMessages(this.#em, this.#viewer, spoken) : new Map()
    const { links, words } = this.#parts
    const files = await filesOf(this.#em, this.#viewer, links, messages)
    return messages.flatMap((message) => this.#ordered(toItems(message, calls.get(message.id) ?? [], words, files)))
  }

  /** What is left of the item's message behind it, and where the next message is. */
  async #message(itemId: string): Promise<{ rest: ThreadItem[]; cursor: string }> {
    const { message, calls, index } = await itemPlace(this.#em, this.#viewer, this.#conversationId, itemId)
    const items = toItems(message, calls, this.#parts.words)
    const { cursorOf } = await this.#page(0, null) // reads nothing
    const rest = this.#forwards ? items.slice(index + 1) : items.slice(0, index).toReversed()
    return { rest, cursor: cursorOf(message) }
  }

  #ordered(items: ThreadItem[]): ThreadItem[] {
    return this.#forwards ? items : items.toReversed()
  }
}
