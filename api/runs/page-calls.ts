import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import type { Conversation } from '../conversations/conversation.entity.ts'
import { lockConversation, ringConversation } from '../conversations/conversations.ts'
import { AppError, badInput, notFound } from '../errors.ts'
import { pageServer } from '../tools/page-tools.ts'
import { storableJson, storableText } from '../tools/storable.ts'
import type { Repeatable } from './idempotency.ts'
import { beginAtOnce } from './room.ts'
import { activeStatuses, Run } from './run.entity.ts'
import { runActive, type SendParts } from './send-message.ts'
import { ToolCall } from './tool-call.entity.ts'

export type AnswerPageCall = {
  conversationId: string
  /** Null when there is none: that is refused, but not before the conversation was looked at. */
  toolCallId: string | null
  /** JSON. */
  result: unknown
  idempotencyKey?: string | null
}

export type AnsweredPageCall = { conversation: Conversation; call: ToolCall; run: Run }

/**
 * What the page says to a call that ended its run: the call is finished with it, and a new run goes on from there.
 * CONFLICT when no such call waits (any more), RUN_ACTIVE while an answer is made.
 */
export function answeringPageCall(
  parts: SendParts,
  viewer: Viewer,
  input: AnswerPageCall,
): Repeatable<AnsweredPageCall> {
  const { idempotencyKey: key, ...rest } = input
  const said = checkedResult(input.result, parts.limits.toolResultBytes)
  return {
    ...{ key, operation: 'answerPageCall', input: rest },
    work: (em, bell) => answer(parts, em, viewer, bell, input, said),
    idsOf: ({ conversation, call, run }) => ({ conversation: conversation.id, call: call.id, run: run.id }),
    again: async (em, ids) => {
      const conversation = await lockConversation(em, viewer, ids.conversation ?? '')
      const call = await em.findOne(ToolCall, { id: ids.call, ...owned(viewer) })
      const run = await em.findOne(Run, { id: ids.run, ...owned(viewer) })
      if (!call || !run) throw notFound('result of the first request any more')
      return { conversation, call, run }
    },
  }
}

async function answer(
  parts: SendParts,
  em: SqlEntityManager,
  viewer: Viewer,
  bell: Bell,
  { conversationId, toolCallId }: AnswerPageCall,
  said: Pick<ToolCall, 'result' | 'resultText'>,
): Promise<AnsweredPageCall> {
  const conversation = await lockConversation(em, viewer, conversationId)
  const active = await em.findOne(Run, { conversationId, status: { $in: [...activeStatuses] }, ...owned(viewer) })
  if (active) throw runActive('An answer is being made in this conversation.', active)
  const call = toolCallId && (await waitingPageCall(em, viewer, conversationId, toolCallId))
  if (!call) throw new AppError('CONFLICT', 'Nothing waits for this answer any more.')
  Object.assign(call, { ...said, status: 'SUCCEEDED', finishedAt: new Date() })
  const { messageId, model, clientTools } = await em.findOneOrFail(Run, { id: call.runId, ...owned(viewer) })
  const of = { conversationId, userId: viewer.id }
  const run = em.create(Run, { ...of, messageId, status: 'QUEUED', model, clientTools })
  await em.flush()
  await beginAtOnce(em, run, parts, [call.id])
  for (const entity of [conversation, run]) await em.refresh(entity)
  ringConversation(bell, conversation)
  return { conversation, call, run }
}

/** The call, if it waits for the page. */
function waitingPageCall(
  em: SqlEntityManager,
  viewer: Viewer,
  conversationId: string,
  id: string,
): Promise<ToolCall | null> {
  return em.findOne(ToolCall, { id, conversationId, server: pageServer, status: 'PENDING', ...owned(viewer) })
}

function checkedResult(value: unknown, maxBytes: number): Pick<ToolCall, 'result' | 'resultText'> {
  const field = ['params', 'result']
  const text = JSON.stringify(value ?? null)
  if (Buffer.byteLength(text) > maxBytes) throw badInput(field, `must have at most ${maxBytes} bytes`)
  try {
    const result = typeof value === 'object' && value !== null ? storableJson(value) : null
    return { result, resultText: result ? JSON.stringify(result) : storableText(text) }
  } catch {
    throw badInput(field, 'is nested too deeply')
  }
}
