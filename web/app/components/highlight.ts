import rehypeHighlight from 'rehype-highlight'

/** A piece of code with what it is: `hljs-keyword`, `hljs-string` … */
export type CodePart = string | { className: string; parts: CodePart[] }

const colour = rehypeHighlight()

/**
 * Code in its parts, by the rules of a language as people name it behind a fence. One part, the text itself, for a language
 * that is not among the common ones. Loaded when there is code to show: the rules weigh more than the page.
 */
export function highlight(code: string, language: string): CodePart[] {
  const text = { type: 'text' as const, value: code }
  const properties = { className: [`language-${language.toLowerCase()}`] }
  const inner = { type: 'element' as const, tagName: 'code', properties, children: [text] }
  const outer = { type: 'element' as const, tagName: 'pre', properties: {}, children: [inner] }
  // What it has to say is that it does not know the language.
  const file = { message() {} } as unknown as Parameters<typeof colour>[1]
  colour({ type: 'root', children: [outer] }, file)
  return inner.children.flatMap(partsOf)
}

type Node = { type: string; value?: string; properties?: { className?: unknown }; children?: Node[] }

function partsOf({ type, value = '', properties, children = [] }: Node): CodePart[] {
  if (type === 'text') return [value]
  const parts = children.flatMap(partsOf)
  const { className } = properties ?? {}
  return type === 'element' ? [{ className: Array.isArray(className) ? className.join(' ') : '', parts }] : parts
}
