import type { SqlEntityManager } from '@mikro-orm/sql'
import { pageServer } from '../tools/page-tools.ts'
import { nextSequence } from './next-sequence.ts'
import { inQueueOrder } from './queue-order.ts'
import { Run } from './run.entity.ts'
import type { FinishedEvent } from './run-event.ts'
import { storeEvents } from './run-log.ts'

/** Who takes a run, and for how long without a sign of life. */
export type Claim = { ownerId: string; leaseMilliseconds: number }

/**
 * Starts a QUEUED run within the caller's transaction, which holds the conversation's row: its number, its lease and its
 * first events. A message that waited moves to the end of the conversation. What waited for the page is cancelled: the
 * model is never shown a call without an answer. `changed` are calls of earlier runs that readers have to look at again.
 */
export async function beginRun(
  em: SqlEntityManager,
  run: Run,
  claim: Claim,
  waited: boolean,
  changed: readonly string[] = [],
): Promise<void> {
  const { id, userId, conversationId, messageId } = run
  if (waited) {
    const sequence = await nextSequence(em, run)
    await em.execute('update message set sequence = ? where id = ? and user_id = ?', [sequence, messageId, userId])
  }
  const number = await nextRunNumber(em, run)
  const events: FinishedEvent[] = [
    { type: 'run.started', messageId },
    ...[...changed, ...(await cancelPageCalls(em, run))].map((toolCallId) => ({
      type: 'tool-call.changed' as const,
      toolCallId,
    })),
  ]
  await em.execute(
    `update conversation set log_run = ?, log_attempt = 1, log_seq = ?, revision = revision + 1 where id = ? and user_id = ?`,
    [number, events.length, conversationId, userId],
  )
  await em.execute(
    `update run set status = 'RUNNING', number = ?, owner_id = ?, lease_until = now() + ? * interval '1 millisecond',
     started_at = now(), last_seq = ? where id = ? and user_id = ?`,
    [number, claim.ownerId, claim.leaseMilliseconds, events.length, id, userId],
  )
  const rows = events.map((event, index) => ({ lastSeq: index + 1, event }))
  await storeEvents(em, { id, userId, attempt: 1 }, rows)
}

async function cancelPageCalls(
  em: SqlEntityManager,
  of: { conversationId: string; userId: string },
): Promise<string[]> {
  const error = { code: 'TOOL_CANCELLED', message: 'The conversation went on without an answer of the page.' }
  const rows = await em.execute<{ id: string }[]>(
    `update tool_call set status = 'CANCELLED', error = ?::jsonb, finished_at = now()
     where conversation_id = ? and user_id = ? and server = ? and status = 'PENDING' returning id`,
    [JSON.stringify(error), of.conversationId, of.userId, pageServer],
  )
  return rows.map(({ id }) => id)
}

/** Starts the next run that waits in the conversation, if there is one, and names it. */
export async function beginNext(
  em: SqlEntityManager,
  of: { conversationId: string; userId: string },
  claim: Claim,
): Promise<string | null> {
  const { conversationId, userId } = of
  const waiting = await em.find(Run, { conversationId, userId, status: 'QUEUED' })
  const [next] = waiting.sort(inQueueOrder)
  if (next) await beginRun(em, next, claim, true)
  return next?.id ?? null
}

/** Goes on with a run that waited for a person, within the caller's transaction. */
export async function reclaim(em: SqlEntityManager, run: Run, claim: Claim): Promise<void> {
  await em.execute(
    `update run set status = 'RUNNING', owner_id = ?, lease_until = now() + ? * interval '1 millisecond'
     where id = ? and user_id = ? and status = 'AWAITING_APPROVAL'`,
    [claim.ownerId, claim.leaseMilliseconds, run.id, run.userId],
  )
}

/** Ends a run that waited and never ran: it has `run.ended` only, its message stays. */
export async function endQueued(em: SqlEntityManager, run: Run): Promise<void> {
  const { id, userId } = run
  const number = await nextRunNumber(em, run)
  await em.execute(
    `update run set status = 'STOPPED', number = ?, finished_at = now(), last_seq = 1 where id = ? and user_id = ?`,
    [number, id, userId],
  )
  await storeEvents(em, { id, userId, attempt: 1 }, [{ lastSeq: 1, event: { type: 'run.ended' } }])
}

async function nextRunNumber(em: SqlEntityManager, of: { conversationId: string; userId: string }): Promise<number> {
  const [row] = await em.execute<{ last_run_number: number }[]>(
    'update conversation set last_run_number = last_run_number + 1 where id = ? and user_id = ? returning last_run_number',
    [of.conversationId, of.userId],
  )
  if (!row) throw new Error('The conversation of this run is gone.')
  return row.last_run_number
}
