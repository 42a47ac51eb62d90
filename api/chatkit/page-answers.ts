import type { Units } from '../auth/units.ts'
import { owned, type Viewer } from '../auth/viewer.ts'
import { ownConversation } from '../conversations/conversations.ts'
import { AppError } from '../errors.ts'
import type { AnsweredPageCall } from '../runs/page-calls.ts'
import { findMessages, toolCallsOfMessages } from '../runs/reading.ts'
import type { Runs } from '../runs/runs.ts'
import { ToolCall } from '../runs/tool-call.entity.ts'
import { pageServer } from '../tools/page-tools.ts'
import { itemPlace } from './items.ts'
import { newAnswer, type Opening } from './opening.ts'
import { answersTo } from './page-items.ts'
import type { RequestOf } from './protocol.ts'
import { oncePerRequest, repeatKey } from './repeats.ts'
import { conversationOf } from './threads.ts'
import { callOfItem, pageItem } from './translate.ts'

type Parts = { units: Units; runs: Runs; viewer: Viewer }

/**
 * What the page's own tool gave back. The request names no call: the newest that waits is meant. Rejects with NOT_FOUND,
 * CONFLICT when none waits (a message was sent meanwhile), RUN_ACTIVE.
 */
export async function takeToolOutput(
  parts: Parts,
  { type, params }: RequestOf<'threads.add_client_tool_output'>,
): Promise<Opening> {
  const { units, viewer } = parts
  const conversation = await ownConversation(units.as(viewer), viewer, conversationOf(params.thread_id))
  // Two calls may have equal outputs: with every run the same words are another request.
  const key = repeatKey(viewer, type, [conversation.id, params.result, await newestCall(parts, conversation.id)])
  return goOn(parts, key, { conversationId: conversation.id, result: params.result })
}

/** What a person filled in. Rejects with NOT_FOUND, CONFLICT for what is no form or was settled already, RUN_ACTIVE. */
export async function takeAnswers(
  parts: Parts,
  { type, params }: RequestOf<'threads.add_structured_input'>,
): Promise<Opening> {
  const { units, viewer } = parts
  const em = units.as(viewer)
  const conversation = await ownConversation(em, viewer, conversationOf(params.thread_id))
  const { items, index } = await itemPlace(em, viewer, conversation.id, params.item_id)
  const item = items[index]
  const toolCallId = callOfItem(params.item_id)
  if (item?.type !== 'structured_input' || !toolCallId)
    throw new AppError('CONFLICT', 'There is nothing to fill in here.')
  const result = answersTo(item.inputs, params.input)
  const key = repeatKey(viewer, type, [toolCallId, result])
  return goOn(parts, key, { conversationId: conversation.id, toolCallId, result })
}

/** The newest call for the page, answered or not. */
async function newestCall({ units, viewer }: Parts, conversationId: string): Promise<string | null> {
  const where = { conversationId, server: pageServer, ...owned(viewer) }
  return (await units.as(viewer).findOne(ToolCall, where, { orderBy: { id: 'desc' } }))?.id ?? null
}

async function goOn(
  { units, runs, viewer }: Parts,
  key: string,
  input: { conversationId: string; toolCallId?: string; result: unknown },
): Promise<Opening> {
  const answered = await oncePerRequest(units, viewer, key, (em, idempotencyKey) =>
    runs.answerPageCall(em, viewer, { ...input, idempotencyKey }),
  )
  return opening(units, viewer, answered, key)
}

/** A form is shown filled in; the page knows of its own tool's output. */
async function opening(units: Units, viewer: Viewer, { conversation, call, run }: AnsweredPageCall, key: string) {
  const em = units.as(viewer)
  const message = (await findMessages(em, viewer, [call.messageId])).get(call.messageId)
  const answer = newAnswer(conversation, run, [], key)
  if (!message) return answer
  const item = pageItem(message, call)
  if (item?.type === 'structured_input') answer.events.push({ type: 'thread.item.replaced', item })
  answer.translation.knows(message, (await toolCallsOfMessages(em, viewer, [message.id])).get(message.id) ?? [])
  return answer
}
