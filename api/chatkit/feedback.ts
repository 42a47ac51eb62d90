import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import { ownConversation } from '../conversations/conversations.ts'
import { rateMessage } from '../conversations/feedback.ts'
import { badInput } from '../errors.ts'
import { itemPlace } from './items.ts'
import type { RequestOf } from './protocol.ts'
import { conversationOf } from './threads.ts'

/**
 * Rates the turns that the items belong to: a message, its workflow and its widgets are one. All of them are looked at
 * first: NOT_FOUND for an item that is not in the thread, BAD_USER_INPUT for what a person said.
 */
export async function giveFeedback(
  em: SqlEntityManager,
  viewer: Viewer,
  bell: Bell,
  { params }: RequestOf<'items.feedback'>,
): Promise<void> {
  const conversation = await ownConversation(em, viewer, conversationOf(params.thread_id))
  const rated = new Set<string>()
  for (const [index, itemId] of params.item_ids.entries()) {
    const { message } = await itemPlace(em, viewer, conversation.id, itemId)
    if (message.role !== 'ASSISTANT') throw badInput(['params', 'item_ids', String(index)], 'is not of the assistant')
    rated.add(message.id)
  }
  for (const id of rated) await rateMessage(em, viewer, bell, id, params.kind === 'positive' ? 'UP' : 'DOWN')
}
