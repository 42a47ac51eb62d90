import Markdown from 'react-markdown'
import remarkGfm from 'remark-gfm'

/** What we look at of a parsed text. */
type Node = {
  type: string
  url?: string
  children?: Node[]
  position?: { start: { offset?: number }; end: { offset?: number } }
}

/** What can be HTML, a link or a fence at all: most texts hold none of it and need no parsing. */
const suspect = /<|\][(:]|`{3}|~{3}/

const entities: Record<string, string> = { '<': '&lt;', '[': '&#91;', ']': '&#93;', '`': '&#96;', '~': '&#126;' }

/** What is made plain can bring to light what it hid; whoever nests deeper than this is not taken at the word. */
const passes = 3

/**
 * Of the parser, which holds everybody up while it works: its time grows with lines and marks, with the square of the marks in
 * one paragraph, and of the quotes and lists in a text.
 */
const most = { characters: 65_536, lines: 3_000, marks: 3_000, marksAtOnce: 600, containers: 800, depth: 8 }
const containersOfLine = /^(?:[ \t]*(?:>|(?:[*+-]|\d{1,9}[.)])(?=\s)))+/gm

/**
 * A text for a file that others open, in viewers that we do not know: tags of HTML outside of code and links with a scheme
 * that runs something are plain text in it, and a code fence that was left open is closed. All else is as it was written; of a text
 * that is too much for the parser the links and the code are plain text too.
 */
export function harmless(text: string): string {
  if (!suspect.test(text)) return text
  if (!isTame(text)) return withoutMarks(text)
  let shown = text
  for (let pass = 0; pass < passes; pass++) {
    const tree = parsed(shown)
    const marks = [...marksToHide(tree, shown)]
    if (marks.length === 0) return shown + missingFence(tree, shown)
    shown = withoutMarks(shown, new Set(marks))
  }
  return withoutMarks(text)
}

function isTame(text: string): boolean {
  if (text.length > most.characters || count(text, /\n/g) > most.lines) return false
  let containers = 0
  for (const [line] of text.matchAll(containersOfLine)) {
    const depth = count(line, /[>*+.)-]/g)
    containers += depth
    if (depth > most.depth || containers > most.containers) return false
  }
  const marks = text.split(/\n[ \t]*\n/).map((it) => count(it, /[*_[\]<>!`~|]/g))
  return marks.every((it) => it <= most.marksAtOnce) && marks.reduce((sum, it) => sum + it, 0) <= most.marks
}

const count = (text: string, marks: RegExp) => text.match(marks)?.length ?? 0

/** One line that shows these characters, and in which none of them means anything. */
export function plain(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').replace(/[\\`*_[\]<>&~|$#!]/g, '\\$&')
}

/** As code in a line, where that can be. */
export function code(text: string): string {
  return text.includes('`') ? plain(text) : `\`${text.replace(/[\s\p{Cc}]+/gu, ' ')}\``
}

/** As the pages parse it. */
function parsed(text: string): Node {
  let found: Node = { type: 'root' }
  const take = () => (tree: Node) => {
    found = { ...tree }
    // Nothing is to be drawn.
    tree.children = []
  }
  Markdown({ children: text, remarkPlugins: [remarkGfm, take] })
  return found
}

/** The places of the characters that make HTML or a link of the parts that must be neither. */
function* marksToHide(node: Node, text: string): Generator<number, void> {
  const html = node.type === 'html'
  if (html || (node.url !== undefined && isUnsafe(node.url))) {
    const { start, end } = node.position ?? {}
    for (let at = start?.offset ?? 0; at < (end?.offset ?? 0); at++)
      if (text[at] === '<' || (!html && (text[at] === '[' || text[at] === ']'))) yield at
  }
  for (const child of node.children ?? []) yield* marksToHide(child, text)
}

/** Browsers overlook space and control characters in a scheme. */
function isUnsafe(url: string): boolean {
  return /^(javascript|data|vbscript):/i.test(url.replace(/[\s\p{Cc}]/gu, ''))
}

function withoutMarks(text: string, marks?: ReadonlySet<number>): string {
  return text.replace(/[<[\]`~]/g, (mark, at: number) => (!marks || marks.has(at) ? (entities[mark] ?? mark) : mark))
}

/** Else what comes next would be code, and the code in it would be none. */
function missingFence(tree: Node, text: string): string {
  const last = tree.children?.at(-1)
  const source = last?.type === 'code' ? text.slice(last.position?.start.offset).trimStart() : ''
  const [fence] = /^(?:`{3,}|~{3,})/.exec(source) ?? []
  if (!fence) return ''
  const ends = new RegExp(`\\n {0,3}${fence}${fence[0]}*[ \\t]*\\s*$`)
  return ends.test(source) ? '' : `\n${fence}`
}
