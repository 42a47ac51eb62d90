import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import { SearchWord } from './search-word.entity.ts'

const alternatives = 6

/**
 * A full-text query (as PostgreSQL writes it) in which each word may also be one of the user's words that is nearly
 * written like it: one letter wrong, missing, too much or swapped with its neighbour; two in words of eight letters and
 * more. What is excluded stays as it is.
 */
export async function meantWords(em: SqlEntityManager, viewer: Viewer, query: string): Promise<string> {
  const lexemes = [...query.matchAll(word)].flatMap(([, not, quoted = '']) => (not ? [] : [quoted]))
  const meant = new Map<string, string[]>()
  for (const lexeme of new Set(lexemes)) meant.set(lexeme, await nearTo(em, viewer, lexeme))
  return query.replaceAll(word, (written, not: string, quoted: string) => {
    const others = not ? [] : (meant.get(quoted) ?? [])
    return others.length === 0 ? written : `(${[`'${quoted}'`, ...others.map((it) => `'${escaped(it)}'`)].join(' | ')})`
  })
}

/** `'cat'` and `!'cat'`; a quote within is written twice. */
const word = /(!?)'((?:[^']|'')+)'/g

const escaped = (lexeme: string) => lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")

async function nearTo(em: SqlEntityManager, viewer: Viewer, quoted: string): Promise<string[]> {
  const lexeme = quoted.replaceAll("''", "'").replaceAll('\\\\', '\\')
  const most = lexeme.length < 3 ? 0 : lexeme.length < 8 ? 1 : 2
  if (most === 0) return []
  const rows = await em.execute<{ word: string }[]>('select word from search_similar(?) as word', [lexeme])
  const short = lexeme.length < 6 ? swapped(lexeme) : []
  const known = short.length > 0 ? await em.find(SearchWord, { word: { $in: short }, ...owned(viewer) }) : []
  const words = new Set([...rows, ...known].map(({ word }) => word))
  return [...words]
    .map((word) => ({ word, distance: distance(lexeme, word) }))
    .filter((it) => it.distance > 0 && it.distance <= most)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, alternatives)
    .map((it) => it.word)
}

/** Two letters swapped in a short word leave hardly a trigram as it was. */
function swapped(lexeme: string): string[] {
  const letters = [...lexeme]
  return letters.slice(1).map((letter, at) => letters.toSpliced(at, 2, letter, letters[at] ?? '').join(''))
}

/** How many letters are wrong, missing, too much, or swapped with their neighbour (optimal string alignment). */
export function distance(a: string, b: string): number {
  const [from, to] = [[...a], [...b]]
  let before: number[] = []
  let last = to.map((_, at) => at)
  last.push(to.length)
  for (const [i, letter] of from.entries()) {
    const row = [i + 1]
    for (const [j, other] of to.entries()) {
      const swapped = letter === to[j - 1] && other === from[i - 1] ? (before[j - 1] ?? Infinity) + 1 : Infinity
      row.push(
        Math.min((last[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1, (last[j] ?? 0) + (letter === other ? 0 : 1), swapped),
      )
    }
    before = last
    last = row
  }
  return last[to.length] ?? 0
}
