import type { Bell } from '../bell/bell.ts'
import { inTransaction } from '../bell/in-transaction.ts'
import { ringConversation } from '../conversations/conversations.ts'
import { beginNext, type Claim } from './begin-run.ts'
import { complain } from './complain.ts'
import { Run } from './run.entity.ts'
import type { RunLog } from './run-log.ts'

/** So many conversations at once that other processes get their share. */
const atOnce = 20

type Parts = { log: RunLog; bell: Bell }

/**
 * The net under the queue: in conversations in which something waits and nothing runs the next run begins, claimed by the
 * caller. Gives those runs. Usually who ends a run has begun the next.
 */
export async function beginWaiting(parts: Parts, claim: Claim): Promise<string[]> {
  const rows = await parts.log.units.asSystem().execute<{ conversation_id: string; user_id: string }[]>(
    `select distinct conversation_id, user_id from run waiting where status = 'QUEUED' and not exists (
       select from run where conversation_id = waiting.conversation_id and status in ('RUNNING', 'AWAITING_APPROVAL')
     ) limit ${atOnce}`,
  )
  const begun: string[] = []
  for (const row of rows) {
    try {
      const id = await beginIn(parts, claim, { conversationId: row.conversation_id, userId: row.user_id })
      if (id) begun.push(id)
    } catch (error) {
      complain('queue', error)
    }
  }
  return begun
}

function beginIn({ log, bell }: Parts, claim: Claim, of: { conversationId: string; userId: string }) {
  return inTransaction(log.units.as({ id: of.userId }), bell, async (em, bell) => {
    await em.execute('select from conversation where id = ? and user_id = ? for no key update', [
      of.conversationId,
      of.userId,
    ])
    const active = await em.count(Run, { ...of, status: { $in: ['RUNNING', 'AWAITING_APPROVAL'] } })
    const id = active === 0 ? await beginNext(em, of, claim) : null
    if (id) ringConversation(bell, { id: of.conversationId, userId: of.userId })
    return id
  })
}
