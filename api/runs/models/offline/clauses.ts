/** What stood between quotation marks is kept apart under a mark, so that nothing in it is taken for a request. */
const mark = (at: number) => `\uE000${at}\uE001`
const quoted =
  /(?<=^|[\s(:,])(?:'([^'\n]+)'|"([^"\n]+)"|“([^”\n]+)”|‘([^’\n]+)’|„([^“”\n]+)[“”]|«([^»\n]+)»|`([^`\n]+)`)(?=$|[\s.,;:!?)])/g

/** Words with which a request begins that nobody would put in the middle of another. */
const openers =
  'add|create|show|list|what|which|tell me|remind me|delete|complete|mark|rename|reschedule|postpone|open|take me|i also|please'
const abbreviation = /\b(?:dr|mr|mrs|ms|st|no|vs|approx|e\.g|i\.e)\.$/i

/** One thing asked for. `text` holds marks where `quotes` belong. */
export type Clause = { text: string; quotes: string[] }

/** Takes a message apart into its sentences and the lists that belong to them. */
export function clausesOf(message: string): Clause[] {
  const quotes: string[] = []
  const text = message.replace(quoted, (_, ...groups: unknown[]) => {
    quotes.push(String(groups.find((it) => typeof it === 'string')))
    return mark(quotes.length - 1)
  })
  return sentences(text)
    .map(polite)
    .filter((part) => /[\p{L}\p{N}\uE000]/u.test(part))
    .map((part) => ({ text: part, quotes }))
}

/**
 * The things asked for in one sentence. What looks like the beginning of another one but means nothing by itself
 * (`means` says so) stays with the one before: "add collect and mark the papers" is one.
 */
export function partsOf({ text, quotes }: Clause, means: (clause: Clause) => boolean): Clause[] {
  const [first = '', ...more] = text.split(seams)
  const parts = [first]
  for (let at = 0; at < more.length; at += 2) {
    const [seam = '', next = ''] = more.slice(at, at + 2)
    const clause = polite(next)
    if (means({ text: clause, quotes })) parts.push(clause)
    else parts.push(`${parts.pop()}${seam}${next}`)
  }
  return parts.map((part) => ({ text: part, quotes }))
}

/** Puts quotes back in the place of their marks. */
export function unquoted(text: string, quotes: readonly string[]): string {
  return text.replace(/\uE000(\d+)\uE001/g, (_, at: string) => quotes[Number(at)] ?? '').trim()
}

/** The quotes that a text holds, without the words around them. */
export function quotesIn(text: string, quotes: readonly string[]): string[] {
  return [...text.matchAll(/\uE000(\d+)\uE001/g)].map(([, at]) => quotes[Number(at)] ?? '')
}

const seams = new RegExp(
  `([,;]?\\s+(?:and\\s+)?(?:then|after that|afterwards)[,:]?\\s+|;\\s*|[,.!?]\\s+(?:and\\s+)?(?=(?:${openers})\\b)|\\s+and\\s+(?=(?:${openers})\\b))`,
  'i',
)

/** A list below a line that announces it belongs to that line. */
function sentences(text: string): string[] {
  const found: string[] = []
  for (const line of text.split(/\n+/)) {
    const item = /^\s*(?:[-*•]|\d+[.)])\s+(.*)$/.exec(line)?.[1]
    const announced = found.at(-1)
    if (item !== undefined && announced && /[:\uE002]/.test(announced))
      found[found.length - 1] += `\uE002${item.trim()}`
    else found.push(...sentencesOfLine(item ?? line))
  }
  return found
}

/** The lines of a list, as `sentences` put them together. */
export const listMark = '\uE002'

function sentencesOfLine(line: string): string[] {
  const found: string[] = []
  let start = 0
  for (const { index, 0: end } of line.matchAll(/[.!?]+\s+(?=[\p{Lu}\uE000])/gu)) {
    const sentence = line.slice(start, index + 1)
    if (abbreviation.test(sentence)) continue
    found.push(sentence)
    start = index + end.length
  }
  return [...found, line.slice(start)]
}

const courtesy =
  /^(?:(?:please|pls|kindly|ok|okay|so|now|also|and|then|hey|well|parley|just|could you|can you|would you|will you|i(?:'d| would) like you to|i want you to|i'd like to|i would like to|i want to|let's|let us)[,:]?\s+)+/i
const thanks = /[\s,]*(?:please|thanks|thank you|for me|pls)?[\s.!]*$/i

function polite(part: string): string {
  const asked = part.trim().replace(courtesy, '')
  // A message may be nothing but thanks.
  return asked.replace(thanks, '') || asked
}
