/** Where a sentence, a line of a list or a paragraph is over. */
const ends = /[.!?…:](?=[)"”’»]*\s)[)"”’»]*|\n(?=\s*(?:\n|[-*+#>|]|\d+[.)]\s))/g

/** A whole block of code. */
const block = /^ {0,3}(```|~~~)[\s\S]*?^ {0,3}\1.*$/gm

/**
 * Up to where a text that is still growing can be read out: the end of its last whole sentence behind `from`, outside code.
 * `from` when there is none yet.
 */
export function endOfSentences(text: string, from: number): number {
  const fences = [...text.matchAll(/^ {0,3}(?:```|~~~)/gm)]
  const open = fences.length % 2 === 1 ? fences.at(-1)?.index : undefined
  const readable = text.slice(0, open).replace(block, (code) => '`'.repeat(code.length))
  ends.lastIndex = from
  let end = from
  for (let match = ends.exec(readable); match; match = ends.exec(readable)) end = match.index + match[0].length
  return open !== undefined && open > end && readable.slice(end).trim() === '' ? open : end
}

/** Markdown as one would read it out: without its signs, and without the code. `code` is said in its place. */
export function spoken(markdown: string, code: string): string {
  return markdown
    .replace(/^ {0,3}(```|~~~)[\s\S]*?(?:^ {0,3}\1.*$|(?![\s\S]))/gm, ` ${code}. `)
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^[ \t]*(?:[#>]+|[-*+]|\|)[ \t]*|[*_~`|]{1,3}(?=\S)|(?<=\S)[*_~`|]{1,3}/gm, '')
    .replace(/^[\s|:-]+$/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}
