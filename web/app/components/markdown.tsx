import { memo, type ReactNode, useMemo } from 'react'
import ReactMarkdown, { type Components } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { useTranslations } from 'use-intl'
import { CodeBlock } from './code-block.tsx'
import { markdownBlocks } from './markdown-blocks.ts'
import { mathsAsDollars, mayHaveMaths } from './maths-in-text.ts'
import { lazy, useLazy } from './use-lazy.ts'

const plugins = [remarkGfm]
const mathematics = lazy(() => import('./maths.ts'))

const components: Components = {
  // An address that was taken out, as one that is a script, leaves its words.
  a: ({ href, children }) =>
    href ? (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    ) : (
      children
    ),
  // Loading it would tell its host what stands in the address: a model may be talked into writing anything there.
  img: ({ alt, src }) => <NamedImage alt={alt} src={typeof src === 'string' ? src : ''} />,
  input: ({ checked }) => <Tick checked={checked ?? false} />,
  pre: ({ children }) => <CodeBlock>{children}</CodeBlock>,
  table: ({ children }) => <WideTable>{children}</WideTable>,
}

function NamedImage({ alt, src }: { alt: string | undefined; src: string }) {
  const t = useTranslations('chat')
  const named = { alt: alt || t('noAlt') }
  const link = () => (
    <a href={src} target="_blank" rel="noopener noreferrer nofollow">
      {src}
    </a>
  )
  return <span className="text-muted">{src ? t.rich('imageFrom', { ...named, link }) : t('image', named)}</span>
}

function Tick({ checked }: { checked: boolean }) {
  const t = useTranslations('chat')
  const label = checked ? t('ticked') : t('open')
  return <input type="checkbox" checked={checked} disabled className="me-1.5" aria-label={label} />
}

function WideTable({ children }: { children: ReactNode }) {
  const t = useTranslations('chat')
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
    <section className="overflow-x-auto rounded-xl border border-line" tabIndex={0} aria-label={t('table')}>
      <table>{children}</table>
    </section>
  )
}

/** What an assistant wrote: markdown without HTML, without images, with code that can be copied, tables and maths. */
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
  const maths = useLazy(mathematics, mayHaveMaths(text))
  return (
    <ReactMarkdown
      remarkPlugins={maths ? [remarkGfm, maths.remarkMaths] : plugins}
      rehypePlugins={maths ? [maths.rehypeMaths] : undefined}
      components={components}
    >
      {maths ? mathsAsDollars(text) : text}
    </ReactMarkdown>
  )
})
