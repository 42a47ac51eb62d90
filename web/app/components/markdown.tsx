import { memo, type ReactNode, useMemo, useRef } from 'react'
import ReactMarkdown, { type Components } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { CopyButton } from './copy-button.tsx'
import { markdownBlocks } from './markdown-blocks.ts'

const plugins = [remarkGfm]

const components: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  // Loading it would tell its host what stands in the address: a model may be talked into writing anything there.
  img: ({ alt, src }) => (
    <span className="text-muted">
      [Image: {alt || 'no description'}
      {typeof src === 'string' && src && (
        <>
          {', '}
          <a href={src} target="_blank" rel="noopener noreferrer nofollow">
            {src}
          </a>
        </>
      )}
      ]
    </span>
  ),
  input: ({ checked }) => (
    <input
      type="checkbox"
      checked={checked ?? false}
      disabled
      className="me-1.5"
      aria-label={checked ? 'Done' : 'Open'}
    />
  ),
  pre: ({ children }) => <CodeBlock>{children}</CodeBlock>,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
    <section className="overflow-x-auto rounded-xl border border-line" tabIndex={0} aria-label="Table">
      <table>{children}</table>
    </section>
  ),
}

/** What an assistant wrote: markdown without HTML, without images, with code that can be copied. */
export function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => markdownBlocks(text), [text])
  return (
    <div className="prose-chat" dir="auto">
      {blocks.map((block, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text grows at its end, so the place is the identity
        <Block key={at} text={block} />
      ))}
    </div>
  )
}

/** Kept as it is while the text grows behind it. */
const Block = memo(function Block({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={plugins} components={components}>
      {text}
    </ReactMarkdown>
  )
})

function CodeBlock({ children }: { children: ReactNode }) {
  const pre = useRef<HTMLPreElement>(null)
  return (
    <div className="overflow-hidden rounded-xl border border-line bg-surface">
      <div className="flex h-9 items-center justify-between border-b border-line ps-3.5 pe-1 text-xs text-muted">
        <span>{languageOf(children) ?? 'Code'}</span>
        <CopyButton text={() => pre.current?.textContent ?? ''} label="Copy the code" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key */}
      <pre ref={pre} tabIndex={0} dir="ltr" className="overflow-x-auto p-3.5 font-mono text-[0.8125rem] leading-6">
        {children}
      </pre>
    </div>
  )
}

function languageOf(code: ReactNode): string | undefined {
  const className = typeof code === 'object' && code && 'props' in code ? String(code.props.className ?? '') : ''
  return /language-([\w+#.-]+)/.exec(className)?.[1]
}
