import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import { AppError, badInput, notFound } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { Attachment } from './attachment.entity.ts'
import { knownMediaType, mediaTypeOf, mediaTypes } from './media-type.ts'
import type { Message } from './message.entity.ts'

type AttachmentLimits = Pick<Limits, 'attachmentBytes' | 'attachmentsPerMessage' | 'attachmentDrafts'>

/** A draft without bytes yet: a place for an upload. Throws BAD_USER_INPUT for a name, size or type that cannot be. */
export async function announceAttachment(
  em: SqlEntityManager,
  viewer: Viewer,
  limits: AttachmentLimits,
  input: { name: string; size: number; mediaType: string },
): Promise<Attachment> {
  const name = checkedName(input.name)
  checkSize(input.size, limits)
  const mediaType = knownMediaType(input.mediaType)
  if (!mediaType) throw badInput(['params', 'mime_type'], `must be one of ${mediaTypes.join(', ')}`)
  return storeDraft(em, viewer, limits, { name, size: input.size, mediaType })
}

/** A draft all at once. What it is, its bytes say. */
export async function uploadAttachment(
  em: SqlEntityManager,
  viewer: Viewer,
  limits: AttachmentLimits,
  input: { name: string; mediaType: string; bytes: Uint8Array },
): Promise<Attachment> {
  const { bytes } = input
  const name = checkedName(input.name)
  checkSize(bytes.byteLength, limits)
  const mediaType = checkedType(bytes, input.mediaType)
  const uploaded = { mediaType, size: bytes.byteLength, bytes: Buffer.from(bytes), uploadedAt: new Date() }
  return storeDraft(em, viewer, limits, { name, ...uploaded })
}

/**
 * The bytes of a draft that was announced, once. Throws NOT_FOUND, CONFLICT when they are there already, BAD_USER_INPUT
 * when they are not what was announced.
 */
export async function storeBytes(
  em: SqlEntityManager,
  viewer: Viewer,
  id: string,
  bytes: Uint8Array,
): Promise<Attachment> {
  const attachment = await ownAttachment(em, viewer, id)
  if (attachment.uploadedAt) throw new AppError('CONFLICT', 'This file was uploaded already.')
  if (bytes.byteLength !== attachment.size)
    throw badInput(['file'], `must have the ${attachment.size} bytes that were announced`)
  const mediaType = checkedType(bytes, attachment.mediaType)
  const stored = { mediaType, bytes: Buffer.from(bytes), uploadedAt: new Date() }
  const changed = await em.nativeUpdate(Attachment, { id, uploadedAt: null, ...owned(viewer) }, stored)
  if (changed === 0) throw new AppError('CONFLICT', 'This file was uploaded already.')
  return em.refreshOrFail(attachment)
}

/** The viewer's attachment, without its bytes. */
export async function ownAttachment(em: SqlEntityManager, viewer: Viewer, id: string): Promise<Attachment> {
  const found = await em.findOne(Attachment, { id, ...owned(viewer) })
  if (!found) throw notFound('attachment')
  return found
}

/** The same with its bytes; NOT_FOUND as long as there are none. */
export async function readAttachment(em: SqlEntityManager, viewer: Viewer, id: string): Promise<Attachment> {
  const where = { id, uploadedAt: { $ne: null }, ...owned(viewer) }
  const found = await em.findOne(Attachment, where, { populate: ['bytes'] })
  if (!found) throw notFound('attachment')
  return found
}

/** Deletes a draft with its bytes. CONFLICT for what was sent: it belongs to the conversation. */
export async function deleteDraft(em: SqlEntityManager, viewer: Viewer, id: string): Promise<void> {
  const { messageId } = await ownAttachment(em, viewer, id)
  const deleted = messageId ? 0 : await em.nativeDelete(Attachment, { id, messageId: null, ...owned(viewer) })
  if (deleted === 0) throw new AppError('CONFLICT', 'It was sent with a message. Delete the conversation to delete it.')
}

/** Ties drafts to the message that is being sent. NOT_FOUND for what is unknown, not uploaded, or sent already. */
export async function bindAttachments(
  em: SqlEntityManager,
  viewer: Viewer,
  message: Pick<Message, 'id'>,
  ids: readonly string[],
): Promise<void> {
  for (const [position, id] of ids.entries()) {
    const draft = { id, messageId: null, uploadedAt: { $ne: null }, ...owned(viewer) }
    const bound = await em.nativeUpdate(Attachment, draft, { messageId: message.id, position })
    if (bound === 0) throw notFound('attachment')
  }
}

/** The files of a message that is taken back wait to be sent again. */
export async function releaseAttachments(
  em: SqlEntityManager,
  { messageId, userId }: { messageId: string; userId: string },
): Promise<void> {
  await em.nativeUpdate(Attachment, { messageId, userId }, { messageId: null, position: 0 })
}

/** The files of one message also for another, which says the same anew. */
export async function copyAttachments(em: SqlEntityManager, from: Message, to: Message): Promise<void> {
  await em.execute(
    `insert into attachment (id, user_id, message_id, position, name, media_type, size, bytes, uploaded_at, created_at)
     select gen_random_uuid(), user_id, ?, position, name, media_type, size, bytes, uploaded_at, created_at
     from attachment where message_id = ? and user_id = ?`,
    [to.id, from.id, from.userId],
  )
}

/** By message, in order, without bytes. */
export async function attachmentsOfMessages(
  em: SqlEntityManager,
  viewer: Viewer,
  messageIds: readonly string[],
): Promise<Map<string, Attachment[]>> {
  const where = { messageId: { $in: [...messageIds] }, ...owned(viewer) }
  const found = await em.find(Attachment, where, { orderBy: { position: 'asc' } })
  return Map.groupBy(found, ({ messageId }) => messageId ?? '')
}

function checkedName(name: string): string {
  const last = name.toWellFormed().split(/[\\/]/).at(-1) ?? ''
  const shown = last.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '').trim()
  const field = ['params', 'name']
  if (name.includes('\0') || shown === '' || /^\.{1,2}$/.test(shown)) throw badInput(field, 'is not the name of a file')
  if ([...shown].length > 255) throw badInput(field, 'must have at most 255 characters')
  return shown
}

function checkSize(size: number, { attachmentBytes }: AttachmentLimits): void {
  const field = ['params', 'size']
  if (!Number.isSafeInteger(size) || size < 1) throw badInput(field, 'must be at least one byte')
  if (size <= attachmentBytes) return
  throw new AppError('PAYLOAD_TOO_LARGE', `A file may have at most ${attachmentBytes} bytes.`, {
    ...{ field, limit: attachmentBytes, actual: size, limitName: 'attachmentBytes' },
  })
}

function checkedType(bytes: Uint8Array, announced: string): string {
  const mediaType = mediaTypeOf(bytes, announced)
  if (!mediaType) throw badInput(['file'], `is none of ${mediaTypes.join(', ')}`)
  const known = knownMediaType(announced)
  if (known && known !== mediaType) throw badInput(['file'], `is ${mediaType}, not ${known}`)
  return mediaType
}

type Draft = { name: string; size: number; mediaType: string; bytes?: Buffer; uploadedAt?: Date }

/** One after the other for one person: two at once would both see the last place. */
async function storeDraft(
  em: SqlEntityManager,
  viewer: Viewer,
  { attachmentDrafts }: AttachmentLimits,
  draft: Draft,
): Promise<Attachment> {
  return em.transactional(async (em) => {
    await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`attachments of ${viewer.id}`])
    const actual = (await em.count(Attachment, { messageId: null, ...owned(viewer) })) + 1
    if (actual > attachmentDrafts)
      throw new AppError('RATE_LIMITED', 'Too many files wait to be sent. Send or remove some first.', {
        ...{ limit: attachmentDrafts, actual, limitName: 'attachmentDrafts', retryAfterMs: 60_000 },
      })
    const attachment = em.create(Attachment, { userId: viewer.id, ...draft })
    await em.flush()
    return attachment
  })
}
