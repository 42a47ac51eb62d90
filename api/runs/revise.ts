import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import { copyAttachments, releaseAttachments } from '../conversations/attachments.ts'
import { lockConversation, moveUp, ringConversation } from '../conversations/conversations.ts'
import { Message } from '../conversations/message.entity.ts'
import { AppError, notFound } from '../errors.ts'
import type { Repeatable } from './idempotency.ts'
import type { Model } from './model.ts'
import { nextSequence } from './next-sequence.ts'
import { beginAtOnce } from './room.ts'
import { activeStatuses, Run } from './run.entity.ts'
import { checkContent, checkedModel, runActive, type SendParts } from './send-message.ts'

export type RetryMessage = {
  messageId: string
  idempotencyKey?: string | null
  /** Left out: the one that was asked last. */
  model?: string | null
  /** Tools that the page answers from which it is asked, by name. */
  clientTools?: readonly string[] | null
}

export type EditMessage = Omit<RetryMessage, 'clientTools'> & { content: string }

export type Revised = { message: Message; run: Run }

/** Answers a user message again: what follows it is superseded, not destroyed. */
export function retrying(parts: SendParts, viewer: Viewer, input: RetryMessage): Repeatable<Revised> {
  const chosen = input.model == null ? null : checkedModel(parts.model, input.model)
  return repeatable('retryMessage', input, viewer, async (em, bell) => {
    const message = await revisable(em, viewer, input.messageId)
    const model = chosen ?? (await modelAskedLast(em, parts.model, message))
    await supersede(em, message, message.sequence)
    return { message, run: await answer(parts, em, bell, message, model, input.clientTools) }
  })
}

/**
 * Says a user message anew: the new one comes newest, the old one and what follows it are superseded. One that waits in the
 * queue is replaced there and keeps its place: nothing was answered to it yet.
 */
export function editing(parts: SendParts, viewer: Viewer, input: EditMessage): Repeatable<Revised> {
  checkContent(input.content, parts.limits)
  const chosen = input.model == null ? null : checkedModel(parts.model, input.model)
  return repeatable('editMessage', input, viewer, async (em, bell) => {
    const waiting = await inQueue(em, viewer, input.messageId)
    if (waiting) return sayInQueue(em, bell, waiting, input.content, chosen)
    const old = await revisable(em, viewer, input.messageId)
    await supersede(em, old, old.sequence - 1)
    const { conversationId, userId } = old
    const message = em.create(Message, {
      ...{ conversationId, userId, replacesId: old.id, content: input.content },
      ...{ sequence: await nextSequence(em, old), role: 'USER', status: 'COMPLETE' },
    })
    await em.flush()
    await copyAttachments(em, old, message)
    const model = chosen ?? (await modelAskedLast(em, parts.model, old))
    return { message, run: await answer(parts, em, bell, message, model) }
  })
}

/** The message with the run that waits to answer it. Holds the conversation, so that it cannot begin meanwhile. */
async function inQueue(em: SqlEntityManager, viewer: Viewer, messageId: string): Promise<Revised | null> {
  const message = await em.findOne(Message, { id: messageId, ...owned(viewer) })
  if (message?.role !== 'USER') return null
  await lockConversation(em, viewer, message.conversationId)
  const run = await em.findOne(Run, { messageId, status: 'QUEUED', ...owned(viewer) })
  return run && { message, run }
}

/**
 * Takes back the message of a run that waits, within the caller's transaction, which ends the run: it is superseded, by
 * nothing. Once more is no harm. CONFLICT when it waits no more.
 */
export async function takeMessageBack(em: SqlEntityManager, run: Run): Promise<void> {
  const { messageId: id, userId } = run
  const waits = run.status === 'QUEUED'
  const where = { id, userId, supersededAt: waits ? null : { $ne: null } }
  const known = waits
    ? await em.nativeUpdate(Message, where, { supersededAt: new Date() })
    : run.status === 'STOPPED' && run.startedAt == null && (await em.count(Message, where))
  if (waits) await releaseAttachments(em, { messageId: id, userId })
  if (!known) throw new AppError('CONFLICT', 'This message waits no more: it is being answered, or was.')
}

async function sayInQueue(
  em: SqlEntityManager,
  bell: Bell,
  { message: old, run }: Revised,
  content: string,
  model: string | null,
): Promise<Revised> {
  const { conversationId, userId } = old
  old.supersededAt = new Date()
  const message = em.create(Message, {
    ...{ conversationId, userId, replacesId: old.id, content },
    ...{ sequence: await nextSequence(em, old), role: 'USER', status: 'COMPLETE' },
  })
  await em.flush()
  await copyAttachments(em, old, message)
  run.messageId = message.id
  if (model) run.model = model
  await em.flush()
  await moveUp(em, old)
  ringConversation(bell, { id: conversationId, userId })
  return { message, run }
}

function repeatable(
  operation: string,
  { idempotencyKey: key, ...input }: RetryMessage | EditMessage,
  viewer: Viewer,
  work: Repeatable<Revised>['work'],
): Repeatable<Revised> {
  return {
    ...{ key, operation, input, work },
    idsOf: ({ message, run }) => ({ message: message.id, run: run.id }),
    again: async (em, ids) => {
      const message = await em.findOne(Message, { id: ids.message, ...owned(viewer) })
      const run = await em.findOne(Run, { id: ids.run, ...owned(viewer) })
      if (!message || !run) throw notFound('result of the first request any more')
      return { message, run }
    },
  }
}

/** The viewer's own words, not replaced yet, in a conversation in which nothing runs or waits. */
async function revisable(em: SqlEntityManager, viewer: Viewer, messageId: string): Promise<Message> {
  const message = await em.findOne(Message, { id: messageId, ...owned(viewer) })
  if (!message) throw notFound('message')
  if (message.role !== 'USER')
    throw new AppError('CONFLICT', 'Only a message of the user can be answered again or edited.')
  const { conversationId } = message
  await lockConversation(em, viewer, conversationId)
  const status = { $in: [...activeStatuses, 'QUEUED' as const] }
  const active = await em.findOne(Run, { conversationId, status, ...owned(viewer) })
  if (active) throw runActive('An answer is being made in this conversation.', active)
  await em.refresh(message)
  if (message.supersededAt) throw new AppError('CONFLICT', 'This message was replaced by a newer version.')
  return message
}

/** Who changes a word, or asks again, does not mean to ask another model. One that is no longer offered gives way to the first. */
async function modelAskedLast(em: SqlEntityManager, { names }: Model, { id, userId }: Message): Promise<string> {
  const [last] = await em.find(Run, { messageId: id, userId }, { orderBy: { id: 'desc' }, limit: 1 })
  return last && names.includes(last.model) ? last.model : names[0]
}

async function supersede(
  em: SqlEntityManager,
  { conversationId, userId }: Message,
  afterSequence: number,
): Promise<void> {
  await em.nativeUpdate(
    Message,
    { conversationId, userId, sequence: { $gt: afterSequence }, supersededAt: null },
    { supersededAt: new Date() },
  )
}

async function answer(
  parts: SendParts,
  em: SqlEntityManager,
  bell: Bell,
  message: Message,
  model: string,
  tools?: readonly string[] | null,
): Promise<Run> {
  const { conversationId, userId } = message
  const clientTools = tools ? [...tools] : null
  const run = em.create(Run, { conversationId, userId, messageId: message.id, status: 'QUEUED', model, clientTools })
  await em.flush()
  await moveUp(em, message)
  await beginAtOnce(em, run, parts)
  await em.refresh(run)
  await em.refresh(message)
  ringConversation(bell, { id: conversationId, userId })
  return run
}
