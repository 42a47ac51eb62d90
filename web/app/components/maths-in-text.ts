/** Blocks and spans of code, closed or still open: nothing in them is maths. */
const code = /(^ {0,3}(?:`{3,}|~{3,})[\s\S]*?(?:^ {0,3}(?:`{3,}|~{3,})[ \t]*$|(?![\s\S]))|`+[^`]*`+)/m

/** Whether a text may have maths in it; a cheap look, so that nothing is loaded for one that cannot. */
export const mayHaveMaths = (text: string): boolean => /\$[^\s$]|\$\$|\\[([]/.test(text)

/**
 * Markdown with all maths between double dollars, which is the one way that is read as maths. Models also write `\(…\)`,
 * `\[…\]` and `$…$`; a single dollar is most often money, so what is between two must look like a formula. A formula that
 * is not closed yet stays text, instead of turning what comes after it into one.
 */
export function mathsAsDollars(text: string): string {
  return text
    .split(code)
    .map((piece, at) => (at % 2 === 1 ? piece : convert(piece)))
    .join('')
}

function convert(text: string): string {
  const doubled = text
    .replace(
      /^([ \t]*)(?:\$\$(.+?)\$\$|\\\[([\s\S]+?)\\\])[ \t]*$/gm,
      (_, indent: string, one?: string, other?: string) =>
        ['$$', ...(one ?? other ?? '').trim().split('\n'), '$$'].map((line) => indent + line.trim()).join('\n'),
    )
    .replace(/\\\[([\s\S]+?)\\\]/g, (_, formula: string) => `$$${formula.trim()}$$`)
    .replace(/\\\(([\s\S]+?)\\\)/g, (_, formula: string) => `$$${formula.trim()}$$`)
  const pieces = doubled.split('$$')
  if (pieces.length % 2 === 0) pieces.splice(-2, 2, `${pieces.at(-2)}\\$\\$${pieces.at(-1)}`)
  return pieces.map((piece, at) => (at % 2 === 1 ? piece : singles(piece))).join('$$')
}

const singles = (text: string): string =>
  text.replace(
    /(^|[^\\$\w])\$(?![\s$])([^$\n]{1,200}?)(?<![\s\\])\$(?![\d$\w])/g,
    (all, before: string, formula: string) => (isFormula(formula) ? `${before}$$${formula}$$` : all),
  )

/** A command, an index, a power, an equation or a single letter; no sentence between two prices. */
const isFormula = (text: string): boolean =>
  /^[A-Za-z]$|\\[A-Za-z]/.test(text) || /[_^]|[A-Za-z)]\s*[=<>+*/-]\s*[\w(]/.test(text.replace(/\b[A-Za-z]{3,}\b/g, ''))
