import type { SqlEntityManager } from '@mikro-orm/sql'
import { z } from 'zod'
import type { Units } from '../auth/units.ts'
import type { Viewer } from '../auth/viewer.ts'
import type { Conversation } from '../conversations/conversation.entity.ts'
import { ownConversation } from '../conversations/conversations.ts'
import type { Message } from '../conversations/message.entity.ts'
import { AppError, badInput, notFound } from '../errors.ts'
import { publicId } from '../ids.ts'
import { eventCursor } from '../runs/cursor.ts'
import { activeRunsOf, findMessages, findRuns, findToolCalls, toolCallsOfMessages } from '../runs/reading.ts'
import type { Runs } from '../runs/runs.ts'
import { runActive } from '../runs/send-message.ts'
import type { ToolCall } from '../runs/tool-call.entity.ts'
import { AnswerTranslation } from './answer-translation.ts'
import { itemPlace } from './items.ts'
import { mayBeStopped, type Opening } from './opening.ts'
import type { ActionParams, ThreadEvent, WidgetItem } from './protocol.ts'
import { conversationOf } from './threads.ts'
import { callOfItem, widgetId, widgetItem } from './translate.ts'
import { approve, deny } from './widgets.ts'
import type { ChatkitWords } from './words.ts'

export type ActionParts = { units: Units; runs: Runs; viewer: Viewer; words: ChatkitWords }

type Decision = 'APPROVE' | 'DENY'

const decisions = new Map<string, Decision>([
  [approve, 'APPROVE'],
  [deny, 'DENY'],
])

/** Another decision was first, or the answer was stopped meanwhile: the card shows it. */
const tooLate = (words: ChatkitWords): ThreadEvent => ({ type: 'notice', level: 'info', message: words.settledBefore })

/**
 * A button of a card, with the stream that follows from it: the decided card in the place of the question, then the run,
 * if it goes on. The same click again changes nothing and shows the same. Rejects with NOT_FOUND for an item or a call
 * that is not the viewer's, RUN_ACTIVE for another action while an answer is made, CONFLICT for what is no button.
 */
export async function act(parts: ActionParts, params: ActionParams): Promise<Opening> {
  const { units, viewer, words } = parts
  const em = units.as(viewer)
  const conversation = await ownConversation(em, viewer, conversationOf(params.thread_id))
  const asking = await question(em, viewer, conversation, params)
  const { inTime, item, call } = await decide(parts, asking)
  const run = (await findRuns(units.as(viewer), viewer, [call.runId])).get(call.runId)
  if (!run) throw notFound('item')
  const translation = new AnswerTranslation(words)
  translation.knows(asking.message, asking.calls)
  translation.shows(call.id, item)
  const shown: ThreadEvent = item
    ? { type: 'thread.item.replaced', item }
    : { type: 'thread.item.removed', item_id: widgetId(call.id) }
  const events = [mayBeStopped, shown, ...(inTime ? [] : [tooLate(words)])]
  return { conversation, run, events, translation, after: eventCursor(conversation) }
}

/** The same without a stream: gives the card as it is now. Rejects as `act`, and with CONFLICT for another decision. */
export async function actInPlace(parts: ActionParts, params: ActionParams): Promise<{ updated_item?: WidgetItem }> {
  const { units, viewer } = parts
  const em = units.as(viewer)
  const conversation = await ownConversation(em, viewer, conversationOf(params.thread_id))
  const { inTime, item } = await decide(parts, await question(em, viewer, conversation, params))
  if (!inTime) throw new AppError('CONFLICT', 'This call does not wait for a decision any more.')
  return item ? { updated_item: item } : {}
}

type Question = { message: Message; calls: ToolCall[]; call: ToolCall; decision: Decision }

/** What the card asks, and what the person says. The payload has to name the same call: it may come from anywhere. */
async function question(
  em: SqlEntityManager,
  viewer: Viewer,
  conversation: Conversation,
  { item_id: itemId, action }: ActionParams,
): Promise<Question> {
  const callId = itemId == null ? null : callOfItem(itemId)
  const call = callId === null ? undefined : (await findToolCalls(em, viewer, [callId])).get(callId)
  const isHere = call?.conversationId === conversation.id && wasAsked(call)
  // Refuses what is not there; what is there is no card.
  if (itemId != null && !isHere) await itemPlace(em, viewer, conversation.id, itemId)
  const decision = decisions.get(action.type)
  if (!decision) throw await notAnAction(em, viewer, conversation)
  if (itemId == null) throw badInput(['params', 'item_id'], 'must be the card that asks')
  if (!call || !isHere) throw noButton()
  const { data: payload } = z.object({ call_id: z.string() }).safeParse(action.payload)
  if (payload?.call_id !== publicId('call', call.id)) throw notFound('tool call')
  const message = (await findMessages(em, viewer, [call.messageId])).get(call.messageId)
  if (!message) throw notFound('item')
  const calls = (await toolCallsOfMessages(em, viewer, [message.id])).get(message.id) ?? []
  return { message, calls, call, decision }
}

/** One that was stopped before anybody decided counts too: its card may still be on a page. */
function wasAsked({ status, decision, startedAt }: ToolCall): boolean {
  return status === 'AWAITING_APPROVAL' || decision != null || (status === 'CANCELLED' && startedAt == null)
}

const noButton = () => new AppError('CONFLICT', 'There is nothing to press here.')

async function notAnAction(em: SqlEntityManager, viewer: Viewer, { id }: Conversation): Promise<AppError> {
  const active = (await activeRunsOf(em, viewer, [id])).get(id)
  return active ? runActive('An answer is being made in this conversation.', active) : noButton()
}

/** Decides, and gives the card as it is then. `inTime`: this is the decision that holds. */
async function decide(
  { units, runs, viewer, words }: ActionParts,
  { call: { id }, message, decision }: Question,
): Promise<{ inTime: boolean; item: WidgetItem | null; call: ToolCall }> {
  const inTime = await runs.decideToolCall(units.as(viewer), viewer, { toolCallId: id, decision }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof AppError && error.code === 'CONFLICT') return false
      throw error
    },
  )
  const call = (await findToolCalls(units.as(viewer), viewer, [id])).get(id)
  if (!call) throw notFound('tool call')
  return { inTime, item: widgetItem(message, call, words), call }
}
