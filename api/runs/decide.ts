import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import { inTransaction } from '../bell/in-transaction.ts'
import { lockConversation, ringConversation } from '../conversations/conversations.ts'
import { AppError, badInput, notFound } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { type Claim, reclaim } from './begin-run.ts'
import { afterDecision } from './decided-calls.ts'
import { Run } from './run.entity.ts'
import { storeEvents } from './run-log.ts'
import { ToolCall } from './tool-call.entity.ts'

export type DecideToolCall = {
  toolCallId: string
  decision: 'APPROVE' | 'DENY'
  /** Instead of those that the model wrote; a JSON object. */
  arguments?: unknown
  reason?: string | null
}

/**
 * What a person says about a call that waits. The first decision wins: the same again changes nothing, another is
 * CONFLICT. Gives the call, and the run if it can go on now: this process has claimed it.
 */
export async function decide(
  em: SqlEntityManager,
  viewer: Viewer,
  bell: Bell,
  { claim, limits }: { claim: Claim; limits: Limits },
  input: DecideToolCall,
): Promise<{ call: ToolCall; resumed: string | null }> {
  const edited = input.decision === 'APPROVE' ? editedArguments(input.arguments, limits) : null
  return inTransaction(em, bell, async (em, bell) => {
    const call = await em.findOne(ToolCall, { id: input.toolCallId, ...owned(viewer) })
    if (!call) throw notFound('tool call')
    await lockConversation(em, viewer, call.conversationId)
    await em.refresh(call)
    if (call.decision === input.decision) return { call, resumed: null }
    if (call.decision || call.status !== 'AWAITING_APPROVAL')
      throw new AppError('CONFLICT', 'This call does not wait for a decision any more.')
    call.decision = input.decision
    call.denialReason = input.decision === 'DENY' ? checkedReason(input.reason, limits) : null
    if (edited !== null) {
      call.argumentsText = edited
      // It may be about something else now.
      call.subject = null
    }
    const run = await em.findOneOrFail(Run, { id: call.runId, ...owned(viewer) }, { refresh: true })
    const resumed = run.status === 'AWAITING_APPROVAL' && (await goOn(em, run, call, claim))
    await em.flush()
    ringConversation(bell, { id: call.conversationId, userId: viewer.id })
    return { call, resumed: resumed ? run.id : null }
  })
}

/** Nobody holds the run: the decision is told here, and after the last one the run goes on. A holder tells it itself. */
async function goOn(em: SqlEntityManager, run: Run, call: ToolCall, claim: Claim): Promise<boolean> {
  Object.assign(call, afterDecision(call.decision))
  await em.flush()
  const { id, userId, attempt, conversationId } = run
  const lastSeq = run.lastSeq + 1
  await storeEvents(em, { id, userId, attempt }, [
    { lastSeq, event: { type: 'tool-call.changed', toolCallId: call.id } },
  ])
  await em.execute('update run set last_seq = ? where id = ? and user_id = ?', [lastSeq, id, userId])
  await em.execute(
    'update conversation set log_attempt = ?, log_seq = ?, revision = revision + 1 where id = ? and user_id = ?',
    [attempt, lastSeq, conversationId, userId],
  )
  const undecided = await em.count(ToolCall, { runId: id, userId, status: 'AWAITING_APPROVAL' })
  if (undecided === 0) await reclaim(em, run, claim)
  return undecided === 0
}

function editedArguments(value: unknown, { toolArgumentBytes }: Limits): string | null {
  if (value == null) return null
  const field = ['input', 'arguments']
  if (typeof value !== 'object' || Array.isArray(value)) throw badInput(field, 'must be a JSON object')
  const text = JSON.stringify(value)
  if (Buffer.byteLength(text) > toolArgumentBytes) throw badInput(field, `must have at most ${toolArgumentBytes} bytes`)
  if (text.includes('\\u0000') || !text.isWellFormed()) throw badInput(field, 'must be well-formed text without NUL')
  return text
}

function checkedReason(reason: string | null | undefined, { messageBytes }: Limits): string | null {
  if (reason == null || reason.trim() === '') return null
  const field = ['input', 'reason']
  if (reason.includes('\0') || !reason.isWellFormed()) throw badInput(field, 'must be well-formed text without NUL')
  if (Buffer.byteLength(reason) > messageBytes) throw badInput(field, `must have at most ${messageBytes} bytes`)
  return reason
}
