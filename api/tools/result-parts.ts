import { isImage, mediaTypeOf } from '../conversations/media-type.ts'
import { pixelsOf } from './image-size.ts'
import { storableText } from './storable.ts'

/** A piece of a result as a tool server gives it, known by its outline only. */
export type ContentBlock = { type: string } & Record<string, unknown>

/** What a result has besides text: shown to people, and named in the text that the model reads. */
export type ResultPart = {
  kind: 'IMAGE' | 'AUDIO' | 'LINK' | 'FILE'
  title: string | null
  /** As the tool gave it: text, never to be opened by us. */
  uri: string | null
  mimeType: string | null
  /** How large it is, when it came along. */
  bytes: number | null
  /** An image that can be shown, as base64. */
  data?: string
}

const mostParts = 20
const characters = { title: 200, uri: 2_000, mimeType: 100 }

/** A picture of more would cost a browser hundreds of megabytes, however small the file is. */
const mostPixels = 25_000_000

/** The parts of a result that are no plain text, in order; images as long as they take up `maxBytes` at most together. */
export function partsOf(content: readonly ContentBlock[], maxBytes: number): ResultPart[] {
  let room = maxBytes
  return content
    .flatMap((block) => partOf(block) ?? [])
    .slice(0, mostParts)
    .map(({ blob, ...part }) => {
      const bytes = blob === null ? null : Buffer.byteLength(blob, 'base64')
      if (part.kind !== 'IMAGE' || blob === null || blob.length > room) return { ...part, bytes }
      const mimeType = shownType(Buffer.from(blob, 'base64'))
      if (!mimeType) return { ...part, bytes }
      room -= blob.length
      return { ...part, mimeType, bytes, data: blob }
    })
}

/** What browsers show in a picture, whatever the server calls it: nothing that can hold a program. */
function shownType(bytes: Uint8Array): string | null {
  const known = mediaTypeOf(bytes, '')
  const pixels = known && isImage(known) ? pixelsOf(bytes) : null
  return pixels !== null && pixels <= mostPixels ? known : null
}

function partOf(block: ContentBlock): (Omit<ResultPart, 'bytes' | 'data'> & { blob: string | null }) | null {
  const { type, data, mimeType } = block
  if (type === 'image' || type === 'audio')
    return { kind: type === 'image' ? 'IMAGE' : 'AUDIO', ...named({ mimeType }), blob: String(data) }
  if (type === 'resource_link') return { kind: 'LINK', ...named(block), blob: null }
  if (type !== 'resource') return null
  const resource = block.resource as { mimeType?: string; blob?: string; text?: string }
  const kind = resource.blob !== undefined && resource.mimeType?.startsWith('image/') ? 'IMAGE' : 'FILE'
  return { kind, ...named(resource), blob: resource.blob ?? null }
}

function named({ title, name, uri, mimeType }: Record<string, unknown>) {
  const text = (value: unknown, most: number) =>
    typeof value === 'string' && value !== '' ? storableText(value).slice(0, most).toWellFormed() : null
  return {
    title: text(title ?? name, characters.title),
    uri: text(uri, characters.uri),
    mimeType: text(mimeType, characters.mimeType),
  }
}
