import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Units } from '../auth/units.ts'
import { owned, type Viewer } from '../auth/viewer.ts'
import { ownConversation } from '../conversations/conversations.ts'
import { Message } from '../conversations/message.entity.ts'
import { notFound } from '../errors.ts'
import type { Runs } from '../runs/runs.ts'
import { pageToolNames } from '../tools/page-tools.ts'
import { itemPlace } from './items.ts'
import { newAnswer, type Opening } from './opening.ts'
import type { RequestOf } from './protocol.ts'
import { oncePerRequest, repeatKey } from './repeats.ts'
import { conversationOf } from './threads.ts'
import type { ChatkitWords } from './words.ts'

type Parts = { units: Units; runs: Runs; viewer: Viewer; words: ChatkitWords }

/**
 * Answers a message of the person again: what came after it is superseded. Rejects with NOT_FOUND for an item that is
 * not in the thread, and as `retryMessage`: CONFLICT for one that no person said, RUN_ACTIVE when busy.
 */
export async function retry(
  { units, runs, viewer, words }: Parts,
  { params }: RequestOf<'threads.retry_after_item'>,
): Promise<Opening> {
  const em = units.as(viewer)
  const conversation = await ownConversation(em, viewer, conversationOf(params.thread_id))
  const { message } = await itemPlace(em, viewer, conversation.id, params.item_id)
  const current = await em.findOne(Message, { id: message.id, supersededAt: null, ...owned(viewer) })
  if (!current) throw notFound('item')
  const key = repeatKey(viewer, 'threads.retry_after_item', message.id)
  const again = (em: SqlEntityManager, idempotencyKey: string) =>
    runs.retryMessage(em, viewer, { messageId: message.id, idempotencyKey, clientTools: pageToolNames })
  const { run } = await oncePerRequest(units, viewer, key, again, { failed: true })
  return newAnswer({ conversation, run, key }, [], words)
}
