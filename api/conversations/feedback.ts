import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import { inTransaction } from '../bell/in-transaction.ts'
import { badInput, notFound } from '../errors.ts'
import { ringConversation } from './conversations.ts'
import { Message } from './message.entity.ts'

/**
 * What the person thought of an answer: null takes it back, left out leaves things as they are.
 * Throws NOT_FOUND, and BAD_USER_INPUT for a message that the assistant did not say.
 */
export async function rateMessage(
  em: SqlEntityManager,
  viewer: Viewer,
  bell: Bell,
  id: string,
  feedback: 'UP' | 'DOWN' | null | undefined,
): Promise<Message> {
  return inTransaction(em, bell, async (em, bell) => {
    const message = await em.findOne(Message, { id, ...owned(viewer) })
    if (!message) throw notFound('message')
    if (message.role !== 'ASSISTANT') throw badInput(['input', 'messageId'], 'is not a message of the assistant')
    if (feedback !== undefined) message.feedback = feedback
    await em.flush()
    ringConversation(bell, { id: message.conversationId, userId: message.userId })
    return message
  })
}
