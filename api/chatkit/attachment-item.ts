import type { Attachment } from '../conversations/attachment.entity.ts'
import type { AttachmentLinks } from '../conversations/attachment-links.ts'
import { isImage } from '../conversations/media-type.ts'
import { publicId } from '../ids.ts'
import type { AttachmentItem } from './protocol.ts'

/** A file in the words of ChatKit; with the way to upload it as long as its bytes are not there. */
export function attachmentItem(attachment: Attachment, links: AttachmentLinks, threadId?: string): AttachmentItem {
  const { id, name, mediaType, uploadedAt } = attachment
  return {
    ...{ id: publicId('att', id), name, mime_type: mediaType },
    ...(isImage(mediaType) ? { type: 'image', preview_url: links.read(attachment) } : { type: 'file' }),
    ...(!uploadedAt && {
      upload_descriptor: { url: links.upload(attachment), method: 'PUT', headers: { 'content-type': mediaType } },
    }),
    ...(threadId !== undefined && { thread_id: threadId }),
  }
}
