import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Viewer } from '../auth/viewer.ts'
import type { AttachmentLinks } from '../conversations/attachment-links.ts'
import { attachmentsOfMessages } from '../conversations/attachments.ts'
import type { Message } from '../conversations/message.entity.ts'
import { publicId } from '../ids.ts'
import { attachmentItem } from './attachment-item.ts'
import type { Files } from './translate.ts'

/** The files of what people said among these messages, with addresses at which they can be read now. */
export async function filesOf(
  em: SqlEntityManager,
  viewer: Viewer,
  links: AttachmentLinks,
  messages: readonly Message[],
): Promise<Files> {
  const said = messages.filter(({ role }) => role === 'USER')
  if (said.length === 0) return new Map()
  const found = await attachmentsOfMessages(
    em,
    viewer,
    said.map(({ id }) => id),
  )
  return new Map(
    said.map(({ id, conversationId }) => {
      const threadId = publicId('conv', conversationId)
      return [id, (found.get(id) ?? []).map((it) => attachmentItem(it, links, threadId))]
    }),
  )
}
