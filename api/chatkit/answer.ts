import type { Units } from '../auth/units.ts'
import type { Viewer } from '../auth/viewer.ts'
import type { Followed } from '../runs/follow.ts'
import { findConversations, findMessages, findRuns, findToolCalls, toolCallsOfMessages } from '../runs/reading.ts'
import type { Runs } from '../runs/runs.ts'
import { AnswerTranslation, type LoadedEvent, thinking } from './answer-translation.ts'
import type { ThreadEvent } from './protocol.ts'
import { lostSight } from './refusal.ts'
import { forgetRequest } from './repeats.ts'
import type { Said } from './say.ts'
import { toItems, toThread } from './translate.ts'

export type AnswerParts = { units: Units; runs: Runs; viewer: Viewer }

/**
 * What ChatKit is told after a message was sent, up to the end of the answer. It only reads: when the signal aborts, the
 * reader has left and the run goes on. Never rejects: what breaks is told as an error event.
 */
export async function* answer(
  parts: AnswerParts,
  said: Said,
  isNewThread: boolean,
  signal: AbortSignal,
): AsyncGenerator<ThreadEvent, void> {
  if (isNewThread) yield { type: 'thread.created', thread: toThread(said.conversation) }
  for (const item of toItems(said.message, [])) yield { type: 'thread.item.done', item }
  yield { type: 'stream_options', stream_options: { allow_cancel: true } }
  yield thinking
  try {
    yield* follow(parts, said, signal)
    if (!signal.aborted) await forgetRequest(parts.units.as(parts.viewer), parts.viewer, said.key)
  } catch (error) {
    if (!signal.aborted) yield lostSight(error)
  }
}

async function* follow(parts: AnswerParts, said: Said, signal: AbortSignal): AsyncGenerator<ThreadEvent, void> {
  const translation = new AnswerTranslation()
  for await (const followed of await parts.runs.followRun(parts.viewer, said.run.id, { signal })) {
    const event = await load(parts, followed)
    if (event) yield* translation.translate(event)
  }
  if (!signal.aborted) yield* newTitle(parts, said)
}

/** Nobody waits for a title: it is told if it is there by the end of the answer. */
async function* newTitle({ units, viewer }: AnswerParts, { conversation }: Said): AsyncGenerator<ThreadEvent, void> {
  const now = (await findConversations(units.as(viewer), viewer, [conversation.id])).get(conversation.id)
  const [before, thread] = [toThread(conversation), now && toThread(now)]
  if (thread && thread.title !== before.title) yield { type: 'thread.updated', thread }
}

/** The event with the rows that it names as they are now; null when there is nothing to tell of it. */
async function load({ units, viewer }: AnswerParts, { event, runId }: Followed): Promise<LoadedEvent | null> {
  switch (event.type) {
    case 'run.started':
    case 'conversation.updated':
      return null
    case 'message.delta':
      return event
    case 'message.started':
    case 'message.reset':
    case 'message.completed': {
      const message = (await findMessages(units.as(viewer), viewer, [event.messageId])).get(event.messageId)
      return message ? { type: event.type, message } : null
    }
    case 'tool-call.changed': {
      const em = units.as(viewer)
      const messageId = (await findToolCalls(em, viewer, [event.toolCallId])).get(event.toolCallId)?.messageId ?? ''
      const message = (await findMessages(em, viewer, [messageId])).get(messageId)
      const calls = (await toolCallsOfMessages(em, viewer, [messageId])).get(messageId) ?? []
      return message ? { type: event.type, message, calls } : null
    }
    case 'run.ended': {
      const run = runId === null ? undefined : (await findRuns(units.as(viewer), viewer, [runId])).get(runId)
      return run ? { type: event.type, run } : null
    }
    default:
      return event satisfies never
  }
}
