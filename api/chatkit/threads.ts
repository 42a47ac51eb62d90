import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Viewer } from '../auth/viewer.ts'
import { listConversations, ownConversation } from '../conversations/conversations.ts'
import { notFound } from '../errors.ts'
import { internalId } from '../ids.ts'
import type { PageLimits } from '../page.ts'
import type { Page, Paging, Thread } from './protocol.ts'
import { toThread } from './translate.ts'

/** The row id of a thread. Throws NOT_FOUND when the id is malformed, in the words of one that does not exist. */
export function conversationOf(threadId: string): string {
  const id = internalId('conv', threadId)
  if (!id) throw notFound('conversation')
  return id
}

/** ChatKit has been seen to ask for 9999 at once: it gets a full page, and the truth about whether there is more. */
export function pageSize(limit: number | null | undefined, { pageDefault, pageMax }: PageLimits): number {
  return Math.min(Math.max(limit || pageDefault, 1), pageMax)
}

/**
 * The viewer's threads in the order in which conversations are listed everywhere, and `asc` the other way round.
 * Throws NOT_FOUND when `after` is none of them.
 */
export async function listThreads(
  em: SqlEntityManager,
  viewer: Viewer,
  { limit, order, after }: Paging,
  limits: PageLimits,
): Promise<Page<Thread>> {
  const cursor = after == null ? null : await cursorOf(em, viewer, after)
  const size = pageSize(limit, limits)
  const newestFirst = order === 'desc'
  const page = await listConversations(
    em,
    viewer,
    newestFirst ? { first: size, after: cursor, limits } : { last: size, before: cursor, limits },
  )
  const threads = page.nodes.map((conversation) => toThread(conversation))
  if (!newestFirst) threads.reverse()
  return pageOf(threads, newestFirst ? page.hasNextPage : page.hasPreviousPage)
}

async function cursorOf(em: SqlEntityManager, viewer: Viewer, threadId: string): Promise<string> {
  const conversation = await ownConversation(em, viewer, conversationOf(threadId))
  const { cursorOf } = await listConversations(em, viewer, { first: 0 }) // for the form of its cursors
  return cursorOf(conversation)
}

/** `after` names the last row, and only when more follows. */
export function pageOf<T extends { id: string }>(data: T[], more: boolean): Page<T> {
  const last = data.at(-1)
  return { data, has_more: more, ...(more && last && { after: last.id }) }
}
