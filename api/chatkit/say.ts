import type { Units } from '../auth/units.ts'
import type { Viewer } from '../auth/viewer.ts'
import { AppError } from '../errors.ts'
import type { Runs } from '../runs/runs.ts'
import type { SendMessage, Sent } from '../runs/send-message.ts'
import { messageInput } from './message-input.ts'
import type { RequestOf } from './protocol.ts'
import { forgetOldRequest, forgetRequest, repeatKey } from './repeats.ts'
import { conversationOf } from './threads.ts'

/** What was sent, and the key that has to be forgotten once the answer was served to the end. */
export type Said = Sent & { key: string }

type SayRequest = RequestOf<'threads.create' | 'threads.add_user_message'>

/** Sends the message, or finds the one that this request repeats. Rejects as `sendMessage`: RUN_ACTIVE when busy. */
export async function say(units: Units, runs: Runs, viewer: Viewer, { type, params }: SayRequest): Promise<Said> {
  const input: SendMessage = {
    ...('thread_id' in params && { conversationId: conversationOf(params.thread_id) }),
    ...messageInput(params.input),
    whenBusy: 'REJECT',
  }
  const key = repeatKey(viewer, type, input)
  const send = () => runs.sendMessage(units.as(viewer), viewer, { ...input, idempotencyKey: key })
  await forgetOldRequest(units.as(viewer), viewer, key)
  const first = await send().catch((error) => {
    // A new conversation is never missing: it was deleted since this message was first sent.
    if (type === 'threads.create' && error instanceof AppError && error.code === 'NOT_FOUND') return null
    throw error
  })
  // Who stopped the answer and says it again wants another one.
  if (first && first.run.status !== 'STOPPED') return { ...first, key }
  await forgetRequest(units.as(viewer), viewer, key)
  return { ...(await send()), key }
}
