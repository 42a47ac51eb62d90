/** What may be attached, by media type. Everything else is refused. */
const images = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const
const texts = ['text/plain', 'text/markdown', 'text/csv', 'application/json'] as const
const files = ['application/pdf'] as const

export const mediaTypes = [...images, ...files, ...texts] as const

export type MediaType = (typeof mediaTypes)[number]

export const isImage = (mediaType: string): boolean => images.some((it) => it === mediaType)
export const isText = (mediaType: string): boolean => texts.some((it) => it === mediaType)

/** The media type without parameters, if it is one that may be attached; null for any other. */
export function knownMediaType(announced: string): MediaType | null {
  const bare = announced.split(';', 1)[0]?.trim().toLowerCase()
  const usual = bare === 'image/jpg' ? 'image/jpeg' : bare
  return mediaTypes.find((it) => it === usual) ?? null
}

/**
 * What the bytes are, whatever they are called: known by how they begin, or text when they are nothing but text. Which
 * kind of text is as announced. Null for what may not be attached.
 */
export function mediaTypeOf(bytes: Uint8Array, announced: string): MediaType | null {
  const head = Buffer.from(bytes.subarray(0, 16)).toString('latin1')
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (/^GIF8[79]a/.test(head)) return 'image/gif'
  if (/^RIFF[\s\S]{4}WEBP/.test(head)) return 'image/webp'
  if (head.startsWith('%PDF-')) return 'application/pdf'
  const known = knownMediaType(announced)
  return isPlainText(bytes) ? (known && isText(known) ? known : 'text/plain') : null
}

function isPlainText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return !/(?![\t\n\r\f])\p{Cc}/u.test(text)
  } catch {
    return false
  }
}
