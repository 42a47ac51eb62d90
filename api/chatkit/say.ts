import type { Units } from '../auth/units.ts'
import type { Viewer } from '../auth/viewer.ts'
import type { AttachmentLinks } from '../conversations/attachment-links.ts'
import type { Runs } from '../runs/runs.ts'
import type { SendMessage } from '../runs/send-message.ts'
import { pageToolNames } from '../tools/page-tools.ts'
import { filesOf } from './files.ts'
import { messageInput } from './message-input.ts'
import { newAnswer, type Opening } from './opening.ts'
import type { RequestOf, ThreadEvent } from './protocol.ts'
import { oncePerRequest, repeatKey } from './repeats.ts'
import { conversationOf } from './threads.ts'
import { toItems, toThread } from './translate.ts'
import type { ChatkitWords } from './words.ts'

type SayParts = { units: Units; runs: Runs; links: AttachmentLinks; words: ChatkitWords }
type SayRequest = RequestOf<'threads.create' | 'threads.add_user_message'>

/**
 * Sends the message, or finds the one that this request repeats. `timeZone` is where the person is, if they say. Rejects as
 * `sendMessage`: RUN_ACTIVE when busy.
 */
export async function say(
  { units, runs, links, words }: SayParts,
  viewer: Viewer,
  { type, params }: SayRequest,
  timeZone: string | null,
): Promise<Opening> {
  const input: SendMessage = {
    ...('thread_id' in params && { conversationId: conversationOf(params.thread_id) }),
    ...messageInput(params.input),
    whenBusy: 'REJECT',
    clientTools: pageToolNames,
    timeZone,
  }
  const { conversationId = null, content, model = null, attachmentIds = [] } = input
  const key = repeatKey(viewer, type, [conversationId, content, model, attachmentIds, timeZone])
  const isNew = type === 'threads.create'
  const { conversation, message, run } = await oncePerRequest(
    units,
    viewer,
    key,
    (em, idempotencyKey) => runs.sendMessage(em, viewer, { ...input, idempotencyKey }),
    // A new conversation is never missing: it was deleted since this message was first sent.
    { afresh: isNew },
  )
  const files = await filesOf(units.as(viewer), viewer, links, [message])
  const said: ThreadEvent[] = toItems(message, [], words, files).map((item) => ({ type: 'thread.item.done', item }))
  if (isNew) said.unshift({ type: 'thread.created', thread: toThread(conversation) })
  return newAnswer({ conversation, run, key }, said, words)
}
