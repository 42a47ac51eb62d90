import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import { bindAttachments } from '../conversations/attachments.ts'
import { Conversation } from '../conversations/conversation.entity.ts'
import { lockConversation, moveUp, ownConversation, ringConversation } from '../conversations/conversations.ts'
import { Message } from '../conversations/message.entity.ts'
import { AppError, badInput, notFound } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { Claim } from './begin-run.ts'
import type { Repeatable } from './idempotency.ts'
import type { Model } from './model.ts'
import { nextSequence } from './next-sequence.ts'
import { beginAtOnce } from './room.ts'
import { activeStatuses, Run } from './run.entity.ts'
import { checkedTimeZone } from './time-zone.ts'

export type SendMessage = {
  /** Left out: a new conversation. */
  conversationId?: string | null
  content: string
  /** 8 to 128 printable ASCII characters: the same key again gives the first result again. */
  idempotencyKey?: string | null
  /** What happens while another run of the conversation is active. */
  whenBusy?: 'REJECT' | 'QUEUE' | 'INTERRUPT' | null
  /** One of the models that the operator allows. */
  model?: string | null
  /** Files that were uploaded and not sent yet. */
  attachmentIds?: readonly string[] | null
  /** Tools that the page answers from which it is said, by name. */
  clientTools?: readonly string[] | null
  /** Where the person is, as IANA names it: the assistant is told their day. */
  timeZone?: string | null
}

export type Sent = { conversation: Conversation; message: Message; run: Run }

export type SendParts = { claim: Claim; model: Model; limits: Limits }

/** The message and the run that answers it, as work that can be repeated. Checks the input first. */
export function sending(parts: SendParts, viewer: Viewer, input: SendMessage): Repeatable<Sent> {
  const model = checkedModel(parts.model, input.model)
  checkContent(input.content, parts.limits, checkAttachments(input.attachmentIds, parts.limits))
  const timeZone = checkedTimeZone(input.timeZone)
  const { idempotencyKey: key, ...rest } = input
  return {
    key,
    operation: 'sendMessage',
    input: rest,
    work: (em, bell) => send(parts, em, viewer, bell, { ...input, model, timeZone }),
    idsOf: ({ conversation, message, run }) => ({ conversation: conversation.id, message: message.id, run: run.id }),
    again: async (em, ids) => ({
      conversation: await found(em, Conversation, ids.conversation, viewer),
      message: await found(em, Message, ids.message, viewer),
      run: await found(em, Run, ids.run, viewer),
    }),
  }
}

async function send(
  parts: SendParts,
  em: SqlEntityManager,
  viewer: Viewer,
  bell: Bell,
  input: SendMessage & { model: string; timeZone: string | null },
): Promise<Sent> {
  const conversation = input.conversationId
    ? await lockConversation(em, viewer, input.conversationId)
    : await newConversation(em, viewer)
  const busy = await busyWith(em, viewer, conversation, input.whenBusy ?? 'REJECT', parts.limits.queuedRuns)
  const of = { conversationId: conversation.id, userId: viewer.id }
  const message = em.create(Message, {
    ...of,
    sequence: await nextSequence(em, of),
    role: 'USER',
    status: 'COMPLETE',
    content: input.content,
  })
  const ahead = input.whenBusy === 'INTERRUPT'
  const clientTools = input.clientTools ? [...input.clientTools] : null
  const run = em.create(Run, {
    ...{ ...of, messageId: message.id, status: 'QUEUED', ahead },
    ...{ model: input.model, clientTools, timeZone: input.timeZone },
  })
  await em.flush()
  await bindAttachments(em, viewer, message, input.attachmentIds ?? [])
  await moveUp(em, message)
  if (!busy) await beginAtOnce(em, run, parts)
  else if (ahead) await askToStop(em, busy)
  for (const entity of [conversation, run]) await em.refresh(entity)
  ringConversation(bell, conversation)
  if (busy && ahead) bell.ring('stop', busy.id)
  return { conversation, message, run }
}

async function newConversation(em: SqlEntityManager, viewer: Viewer): Promise<Conversation> {
  const conversation = em.create(Conversation, { userId: viewer.id })
  await em.flush()
  return ownConversation(em, viewer, conversation.id)
}

/** The run that the new one has to wait for, if any. Throws RUN_ACTIVE when it may not wait. */
async function busyWith(
  em: SqlEntityManager,
  viewer: Viewer,
  conversation: Conversation,
  whenBusy: 'REJECT' | 'QUEUE' | 'INTERRUPT',
  queuedRuns: number,
): Promise<Run | null> {
  const conversationId = conversation.id
  const active = await em.findOne(Run, { conversationId, status: { $in: [...activeStatuses] }, ...owned(viewer) })
  if (!active) return null
  if (whenBusy === 'REJECT') throw runActive('An answer is being made in this conversation.', active)
  const waiting = await em.count(Run, { conversationId, status: 'QUEUED', ...owned(viewer) })
  if (waiting >= queuedRuns) throw runActive(`${queuedRuns} messages are waiting in this conversation already.`, active)
  return active
}

export function runActive(message: string, run: Run): AppError {
  return new AppError('RUN_ACTIVE', message, { runId: run.id })
}

/** Stored, so that it is heard also by a process that takes the run over; a run that waits for a person is taken over for it. */
export async function askToStop(em: SqlEntityManager, run: Run): Promise<void> {
  await em.execute(
    `update run set stop_requested_at = now(), status = 'RUNNING'
     where id = ? and user_id = ? and status in ('RUNNING', 'AWAITING_APPROVAL')`,
    [run.id, run.userId],
  )
}

async function found<T extends { id: string; userId: string }>(
  em: SqlEntityManager,
  entity: new () => T,
  id: string | undefined,
  viewer: Viewer,
): Promise<T> {
  const it = await em.findOne<T>(entity, { id, ...owned(viewer) } as never)
  if (!it) throw notFound('result of the first request any more')
  return it
}

/** Kept exactly as typed; only what cannot be stored, or says nothing, is refused. */
export function checkContent(content: string, { messageBytes }: Limits, files = 0): void {
  const field = ['input', 'content']
  if (content.trim() === '' && files === 0) throw badInput(field, 'must not be empty')
  if (content.includes('\0') || !content.isWellFormed()) throw badInput(field, 'must be well-formed text without NUL')
  const actual = Buffer.byteLength(content)
  if (actual <= messageBytes) return
  const reason = `must have at most ${messageBytes} bytes`
  throw new AppError('BAD_USER_INPUT', `content: ${reason}`, { field, reason, limit: messageBytes, actual })
}

function checkAttachments(ids: readonly string[] | null | undefined, { attachmentsPerMessage }: Limits): number {
  const count = ids?.length ?? 0
  const field = ['input', 'attachmentIds']
  if (count > attachmentsPerMessage) throw badInput(field, `must be at most ${attachmentsPerMessage}`)
  if (new Set(ids).size < count) throw badInput(field, 'must all be different')
  return count
}

export function checkedModel(model: Model, name: string | null | undefined): string {
  if (name == null) return model.names[0]
  if (!model.names.includes(name)) throw badInput(['input', 'model'], `must be one of ${model.names.join(', ')}`)
  return name
}
