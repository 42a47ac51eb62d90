import { LockMode } from '@mikro-orm/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import { inTransaction } from '../bell/in-transaction.ts'
import { badInput, notFound } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { countOfEach, firstPages, keysetPage, type Page, type PageArgs } from '../page.ts'
import { Conversation } from './conversation.entity.ts'
import { Message } from './message.entity.ts'

/** The viewer's conversation. Throws NOT_FOUND when it does not exist or belongs to someone else. */
export async function ownConversation(em: SqlEntityManager, viewer: Viewer, id: string): Promise<Conversation> {
  const found = await em.findOne(Conversation, { id, ...owned(viewer) })
  if (!found) throw notFound('conversation')
  return found
}

/** Holds the conversation's row until the end of the transaction: sends, starts and ends of runs, and new names, take turns. Throws as `ownConversation`. */
export async function lockConversation(em: SqlEntityManager, viewer: Viewer, id: string): Promise<Conversation> {
  const found = await em.findOne(
    Conversation,
    { id, ...owned(viewer) },
    { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true },
  )
  if (!found) throw notFound('conversation')
  return found
}

export type ConversationFilter = {
  /** Null: both. Left out: only those that are not archived. */
  archived?: boolean | null
  titleContains?: string | null
  updatedAfter?: Date | null
  updatedBefore?: Date | null
}

/** Which rows those are. */
export function listed(
  viewer: Viewer,
  { archived = false, titleContains, updatedAfter, updatedBefore }: ConversationFilter,
) {
  return {
    ...owned(viewer),
    ...(archived === null ? {} : { archivedAt: archived ? { $ne: null } : null }),
    ...(titleContains ? { title: { $ilike: `%${titleContains.replace(/[\\%_]/g, '\\$&')}%` } } : {}),
    ...(updatedAfter || updatedBefore
      ? { updatedAt: { ...(updatedAfter && { $gt: updatedAfter }), ...(updatedBefore && { $lt: updatedBefore }) } }
      : {}),
  }
}

/** Newest activity first, pinned ones ahead. */
export function listConversations(
  em: SqlEntityManager,
  viewer: Viewer,
  args: PageArgs,
  filter: ConversationFilter = {},
): Promise<Page<Conversation>> {
  return keysetPage(
    em,
    Conversation,
    {
      name: 'conversations',
      where: listed(viewer, filter),
      keys: ['pinned', 'updatedAt', 'id'],
      direction: 'desc',
    },
    args,
  )
}

export function countConversations(
  em: SqlEntityManager,
  viewer: Viewer,
  filter: ConversationFilter = {},
): Promise<number> {
  return em.count(Conversation, listed(viewer, filter))
}

function said(viewer: Viewer, conversationId: string, includeSuperseded: boolean) {
  return { conversationId, ...owned(viewer), ...(includeSuperseded ? {} : { supersededAt: null }) }
}

const inOrder = { name: 'messages', keys: ['sequence'], direction: 'asc' } as const

/** In the order in which things were said. */
export function listMessages(
  em: SqlEntityManager,
  viewer: Viewer,
  conversationId: string,
  args: PageArgs,
  includeSuperseded = false,
): Promise<Page<Message>> {
  return keysetPage(em, Message, { ...inOrder, where: said(viewer, conversationId, includeSuperseded) }, args)
}

/** The same of many conversations, without a cursor. */
export function listMessagesOfEach(
  em: SqlEntityManager,
  viewer: Viewer,
  conversationIds: readonly string[],
  args: Pick<PageArgs, 'first' | 'last' | 'limits'>,
  includeSuperseded = false,
): Promise<Map<string, Page<Message>>> {
  const { conversationId: _, ...where } = said(viewer, '', includeSuperseded)
  return firstPages(em, Message, { ...inOrder, where, parent: 'conversationId' }, conversationIds, args)
}

/** By conversation. */
export async function countMessagesOfEach(
  em: SqlEntityManager,
  viewer: Viewer,
  conversationIds: readonly string[],
  includeSuperseded = false,
): Promise<Map<string, number>> {
  const { conversationId: _, ...where } = said(viewer, '', includeSuperseded)
  return countOfEach(em, Message, where, 'conversationId', conversationIds)
}

type TitleLimits = Pick<Limits, 'titleCharacters'>

/** A new, empty conversation. Throws BAD_USER_INPUT for a title that is blank or too long. */
export async function createConversation(
  em: SqlEntityManager,
  viewer: Viewer,
  bell: Bell,
  input: { title?: string | null },
  limits: TitleLimits,
): Promise<Conversation> {
  return inTransaction(em, bell, async (em, bell) => {
    const conversation = em.create(Conversation, { userId: viewer.id })
    if (typeof input.title === 'string') conversation.rename(validTitle(input.title, limits))
    await em.flush()
    ringConversation(bell, conversation)
    return conversation
  })
}

/** Something was said: its conversation is the newest now. */
export async function moveUp(
  em: SqlEntityManager,
  { conversationId, userId }: Pick<Message, 'conversationId' | 'userId'>,
): Promise<void> {
  const sql = 'update conversation set updated_at = ? where id = ? and user_id = ?'
  await em.execute(sql, [new Date(), conversationId, userId])
}

/**
 * All of somebody who is about to be gone. Before their account: whoever writes in a conversation holds it and then wants its
 * person; the deletion of a person with conversations wants them the other way round.
 */
export async function deleteAllConversations(em: SqlEntityManager, viewer: Viewer): Promise<void> {
  await em.nativeDelete(Conversation, owned(viewer))
}

/** Title, archive and pin. A member left out leaves things as they are. */
export async function updateConversation(
  em: SqlEntityManager,
  viewer: Viewer,
  bell: Bell,
  id: string,
  change: { title?: string | null; archived?: boolean | null; pinned?: boolean | null },
  limits: TitleLimits,
): Promise<Conversation> {
  if (change.title === null) throw badInput(['input', 'title'], 'cannot be cleared')
  for (const member of ['archived', 'pinned'] as const)
    if (change[member] === null) throw badInput(['input', member], 'must be true or false')
  return inTransaction(em, bell, async (em, bell) => {
    const conversation = await lockConversation(em, viewer, id)
    if (typeof change.title === 'string') conversation.rename(validTitle(change.title, limits))
    if (typeof change.archived === 'boolean' && change.archived !== (conversation.archivedAt != null))
      conversation.archivedAt = change.archived ? new Date() : null
    if (typeof change.pinned === 'boolean' && change.pinned !== (conversation.pinnedAt != null))
      conversation.pinnedAt = change.pinned ? new Date() : null
    conversation.revision++
    await em.flush()
    await em.refresh(conversation)
    ringConversation(bell, conversation)
    return conversation
  })
}

function validTitle(text: string, { titleCharacters }: TitleLimits): string {
  const title = text.trim()
  if (title === '') throw badInput(['input', 'title'], 'must not be blank')
  if ([...title].length > titleCharacters)
    throw badInput(['input', 'title'], `must have at most ${titleCharacters} characters`)
  if (title.includes('\0') || !title.isWellFormed()) throw badInput(['input', 'title'], 'must be well-formed text')
  return title
}

/** Says to readers of the conversation, and to the user's other pages, that it changed. */
export function ringConversation(bell: Bell, conversation: { id: string; userId: string }): void {
  bell.ring(`conversation:${conversation.id}`, 'updated')
  bell.ring(`user:${conversation.userId}`, `conversation:${conversation.id}`)
}
