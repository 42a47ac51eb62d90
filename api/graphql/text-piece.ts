/** Cutting text by its size in UTF-8 without ever splitting a character. */

/** The longest beginning that has at most so many bytes. */
export function firstBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  const bytes = Buffer.from(text)
  let end = maxBytes
  while (isInside(bytes, end)) end--
  return bytes.toString('utf8', 0, end)
}

/** The characters that begin within these bytes, so that pieces laid end to end are the whole text. Empty behind the end. */
export function textPiece(text: string, offset: number, limit: number): string {
  const bytes = Buffer.from(text)
  let [start, end] = [Math.min(offset, bytes.length), Math.min(offset + limit, bytes.length)]
  while (isInside(bytes, start)) start++
  while (isInside(bytes, end)) end++
  return bytes.toString('utf8', start, end)
}

const isInside = (bytes: Buffer, at: number) => ((bytes[at] ?? 0) & 0b1100_0000) === 0b1000_0000
