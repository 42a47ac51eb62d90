import { createHmac, timingSafeEqual } from 'node:crypto'
import { internalId, publicId } from '../ids.ts'
import type { Attachment } from './attachment.entity.ts'

type Purpose = 'read' | 'upload'

/**
 * Addresses that need no credential: who holds one may read, or fill, this one attachment until it expires. They are for
 * frames of other origins, which have no cookie of ours.
 */
export type AttachmentLinks = {
  read(attachment: Pick<Attachment, 'id' | 'userId'>): string
  upload(attachment: Pick<Attachment, 'id' | 'userId'>): string
  /** Attachment and owner behind an address that we made and that has not expired; null for any other. */
  check(url: URL, purpose: Purpose): { id: string; userId: string } | null
}

const hour = 3_600_000

/** Valid for one to two hours: the end is a full hour, so that an address stays the same for a while and can be kept. */
const endOf = (now: number) => (Math.floor(now / hour) + 2) * hour

export function createAttachmentLinks({ url, secret }: { url: string; secret: string }): AttachmentLinks {
  const sign = (purpose: Purpose, id: string, user: string, expires: string) =>
    createHmac('sha256', secret).update(['attachment', purpose, id, user, expires].join(' ')).digest('base64url')

  function link(purpose: Purpose, attachment: Pick<Attachment, 'id' | 'userId'>): string {
    const id = publicId('att', attachment.id)
    const user = publicId('user', attachment.userId)
    const expires = String(endOf(Date.now()) / 1_000)
    const query = new URLSearchParams({ user, expires, signature: sign(purpose, id, user, expires) })
    return `${url}/attachments/${id}?${query}`
  }

  return {
    read: (attachment) => link('read', attachment),
    upload: (attachment) => link('upload', attachment),
    check({ pathname, searchParams }, purpose) {
      const publicAttachmentId = pathname.split('/').at(-1) ?? ''
      const [user, expires, signature] = ['user', 'expires', 'signature'].map((it) => searchParams.get(it) ?? '')
      const wanted = Buffer.from(sign(purpose, publicAttachmentId, user ?? '', expires ?? ''))
      const given = Buffer.from(signature ?? '')
      if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) return null
      if (Number(expires) * 1_000 < Date.now()) return null
      const [id, userId] = [internalId('att', publicAttachmentId), internalId('user', user ?? '')]
      return id && userId ? { id, userId } : null
    },
  }
}
