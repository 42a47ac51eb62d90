import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'

/** What matched stands between these. */
const [open, close] = ['\u{e000}', '\u{e001}']

const headlineOptions = `StartSel=${open}, StopSel=${close}, MinWords=12, MaxWords=40, ShortWord=0`

/**
 * PostgreSQL knows what matched, but drops what looks like a tag: angle brackets are other characters while it looks.
 */
export async function headlines(
  em: SqlEntityManager,
  viewer: Viewer,
  ids: readonly string[],
  titled: readonly string[],
  query: string,
): Promise<Map<string, string>> {
  const brackets = '\u{e002}\u{e003}'
  const { userId } = owned(viewer)
  const rows = await em.execute<{ id: string; snippet: string }[]>(
    `select m.id, translate(ts_headline('public.parley',
       translate(case when m.id = any (?::uuid[]) then c.title else left(m.content, 100000) end, '<>', ?), ?::tsquery, ?), ?, '<>') as snippet
     from message m join conversation c on c.id = m.conversation_id
     where m.id = any (?::uuid[]) ${userId ? 'and m.user_id = ? and c.user_id = ?' : ''}`,
    [listOf(titled), brackets, query, headlineOptions, brackets, listOf(ids), ...(userId ? [userId, userId] : [])],
  )
  return new Map(rows.map(({ id, snippet }) => [id, snippet]))
}

const listOf = (ids: readonly string[]) => `{${ids.join(',')}}`

const around = 80

/** For what was found as a piece of text: the piece, with what stands around it. */
export function literalSnippet(content: string, text: string): string {
  const at = content.toLowerCase().indexOf(text.toLowerCase())
  if (at < 0) return content.slice(0, 2 * around).toWellFormed()
  const end = at + text.length
  const [before, found, behind] = [
    content.slice(Math.max(0, at - around), at),
    content.slice(at, end),
    content.slice(end, end + around),
  ]
  return `${whole(before)}${open}${found}${close}${whole(behind)}`
}

/** Without half a character at its ends. */
const whole = (piece: string) => piece.replace(/^[\u{dc00}-\u{dfff}]|[\u{d800}-\u{dbff}]$/gu, '')
