import { badInput } from '../errors.ts'
import type { PageLimits } from '../page.ts'

export const ways = ['written', 'meant', 'text'] as const

/** How the query is taken: word for word, as what may have been meant, or as a piece of text. */
export type Way = (typeof ways)[number]

export type Place = { score: number; id: string }

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function writeCursor({ score, id }: Place, way: Way, text: string): string {
  return Buffer.from(JSON.stringify(['search', markOf(text), way, score, id])).toString('base64url')
}

/** Throws BAD_USER_INPUT for a cursor of another search. */
export function readCursor(cursor: string, text: string, { cursorBytes }: PageLimits): Place & { way: Way } {
  const bad = badInput(['after'], 'is not a cursor of this search')
  if (cursor.length > cursorBytes) throw bad
  const [name, mark, named, score, id] = parts(cursor)
  const way = ways.find((it) => it === named)
  if (name !== 'search' || mark !== markOf(text) || !way) throw bad
  if (!Number.isInteger(score) || Math.abs(Number(score)) >= 2 ** 31 || !uuid.test(String(id))) throw bad
  return { way, score: Number(score), id: String(id) }
}

function parts(cursor: string): unknown[] {
  try {
    const read: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    return Array.isArray(read) ? read : []
  } catch {
    return []
  }
}

/** Tells one query from another, so that a cursor is not taken to the pages of a different one. Keeps nothing secret. */
function markOf(text: string): number {
  let mark = 0
  for (const character of text) mark = (Math.imul(mark, 31) + (character.codePointAt(0) ?? 0)) | 0
  return mark
}
