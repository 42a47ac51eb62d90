import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import { Attachment } from '../conversations/attachment.entity.ts'
import { isText } from '../conversations/media-type.ts'
import type { Message } from '../conversations/message.entity.ts'
import { shortened } from './history.ts'
import type { HistoryFile } from './model.ts'

/** What a message's files add to it: words, and files that only some models can look at. */
export type Filed = { text: string; files: HistoryFile[] }

type Limits = { toolResultBytes: number; attachmentHistoryBytes: number }

/**
 * The files of messages as the model gets them: texts within the words, cut like results of tools; images and documents
 * beside them. From the newest back up to the limit; what is beyond it is only named.
 */
export async function filesForModel(
  em: SqlEntityManager,
  viewer: Viewer,
  messages: readonly Message[],
  limits: Limits,
): Promise<Map<string, Filed>> {
  const asked = messages.filter(({ role }) => role === 'USER').map(({ id }) => id)
  const where = { messageId: { $in: asked }, ...owned(viewer) }
  const all = asked.length === 0 ? [] : await em.find(Attachment, where, { orderBy: { position: 'asc' } })
  const filed = new Map<string, Filed>()
  let left = limits.attachmentHistoryBytes
  for (const messageId of asked.toReversed()) {
    const ofMessage = all.filter((it) => it.messageId === messageId)
    if (ofMessage.length === 0) continue
    const it: Filed = { text: '', files: [] }
    for (const attachment of ofMessage) {
      left -= attachment.size
      await add(em, viewer, it, attachment, left >= 0, limits)
    }
    filed.set(messageId, it)
  }
  return filed
}

async function add(
  em: SqlEntityManager,
  viewer: Viewer,
  filed: Filed,
  { id, name, mediaType }: Attachment,
  fits: boolean,
  { toolResultBytes }: Limits,
): Promise<void> {
  const title = `File ${JSON.stringify(name)} (${mediaType})`
  const where = { id, ...owned(viewer) }
  const bytes = fits ? (await em.findOne(Attachment, where, { populate: ['bytes'] }))?.bytes : null
  if (!bytes) filed.text += `\n\n[${title}: not shown again]`
  else if (isText(mediaType))
    filed.text += `\n\n[${title}:]\n${shortened(bytes.toString('utf8'), toolResultBytes)}\n[End of the file]`
  else filed.files.push({ name, mediaType, base64: bytes.toString('base64') })
}
