import type { Units } from '../auth/units.ts'
import { owned, type Viewer } from '../auth/viewer.ts'
import { ownConversation } from '../conversations/conversations.ts'
import { AppError } from '../errors.ts'
import { IdempotencyKey } from '../runs/idempotency.entity.ts'
import type { AnsweredPageCall, AnswerPageCall } from '../runs/page-calls.ts'
import { findMessages, toolCallsOfMessages } from '../runs/reading.ts'
import type { Runs } from '../runs/runs.ts'
import { ToolCall, type ToolCallStatus } from '../runs/tool-call.entity.ts'
import { type PageTool, pageServer } from '../tools/page-tools.ts'
import { itemPlace } from './items.ts'
import { newAnswer, type Opening } from './opening.ts'
import { answersTo } from './page-items.ts'
import type { RequestOf } from './protocol.ts'
import { oncePerRequest, repeatKey } from './repeats.ts'
import { conversationOf } from './threads.ts'
import { callOfItem, pageItem } from './translate.ts'
import type { ChatkitWords } from './words.ts'

type Parts = { units: Units; runs: Runs; viewer: Viewer; words: ChatkitWords }

/**
 * What the page's own tool gave back. The request names no call: the newest is meant, never a form, unless it repeats one
 * whose answer was lost. Rejects with NOT_FOUND, CONFLICT when none waits (a message was sent meanwhile), RUN_ACTIVE.
 */
export async function takeToolOutput(
  parts: Parts,
  { type, params }: RequestOf<'threads.add_client_tool_output'>,
): Promise<Opening> {
  const { units, viewer } = parts
  const conversation = await ownConversation(units.as(viewer), viewer, conversationOf(params.thread_id))
  const of = { conversationId: conversation.id, result: params.result }
  // Two calls may have equal outputs: for each the same words are another request.
  const keyOf = (toolCallId: string | null) => repeatKey(viewer, type, [conversation.id, params.result, toolCallId])
  const [newest = null, last] = await newestClientCalls(parts, conversation.id)
  // The page has not seen what came after an answer that was lost: the newest call may be part of just that.
  const key = last && keyOf(last)
  if (key && (await units.as(viewer).count(IdempotencyKey, { key, ...owned(viewer) }))) {
    const repeated = await goOn(parts, key, { ...of, toolCallId: last }).catch(nullWhenOld)
    if (repeated) return repeated
  }
  return goOn(parts, keyOf(newest), { ...of, toolCallId: newest })
}

/** A key that is too old for a repeat is forgotten, and then the call is found settled. */
function nullWhenOld(error: unknown): null {
  if (error instanceof AppError && error.code === 'CONFLICT') return null
  throw error
}

/** What a person filled in. Rejects with NOT_FOUND, CONFLICT for what is no form or was settled already, RUN_ACTIVE. */
export async function takeAnswers(
  parts: Parts,
  { type, params }: RequestOf<'threads.add_structured_input'>,
): Promise<Opening> {
  const { units, viewer } = parts
  const em = units.as(viewer)
  const conversation = await ownConversation(em, viewer, conversationOf(params.thread_id))
  const { message, calls } = await itemPlace(em, viewer, conversation.id, params.item_id)
  const toolCallId = callOfItem(params.item_id)
  const call = calls.find(({ id }) => id === toolCallId)
  const item = call && pageItem(message, call)
  if (item?.type !== 'structured_input' || !toolCallId)
    throw new AppError('CONFLICT', 'There is nothing to fill in here.')
  const result = answersTo(item.inputs, params.input)
  const key = repeatKey(viewer, type, [toolCallId, result])
  return goOn(parts, key, { conversationId: conversation.id, toolCallId, result })
}

/** The newest two calls of tools that the page itself answers, with or without an answer. Forms are for the person. */
async function newestClientCalls({ units, viewer }: Parts, conversationId: string): Promise<string[]> {
  const asked: ToolCallStatus[] = ['PENDING', 'SUCCEEDED', 'CANCELLED']
  const form: PageTool = 'ask_person'
  const where = {
    ...{ conversationId, server: pageServer, name: { $ne: form }, status: { $in: asked } },
    ...owned(viewer),
  }
  const calls = await units.as(viewer).find(ToolCall, where, { orderBy: { id: 'desc' }, limit: 2, fields: ['id'] })
  return calls.map(({ id }) => id)
}

async function goOn(
  parts: Parts,
  key: string,
  input: Pick<AnswerPageCall, 'conversationId' | 'toolCallId' | 'result'>,
): Promise<Opening> {
  const { units, runs, viewer } = parts
  const answered = await oncePerRequest(units, viewer, key, (em, idempotencyKey) =>
    runs.answerPageCall(em, viewer, { ...input, idempotencyKey }),
  )
  return opening(parts, answered, key)
}

/** A form is shown filled in; the page knows of its own tool's output. */
async function opening({ units, viewer, words }: Parts, { conversation, call, run }: AnsweredPageCall, key: string) {
  const em = units.as(viewer)
  const message = (await findMessages(em, viewer, [call.messageId])).get(call.messageId)
  const answer = newAnswer({ conversation, run, key }, [], words)
  if (!message) return answer
  const item = pageItem(message, call)
  if (item?.type === 'structured_input') answer.events.push({ type: 'thread.item.replaced', item })
  answer.translation.knows(message, (await toolCallsOfMessages(em, viewer, [message.id])).get(message.id) ?? [])
  return answer
}
