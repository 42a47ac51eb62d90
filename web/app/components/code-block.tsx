import { Fragment, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { CopyButton } from './copy-button.tsx'
import type { CodePart } from './highlight.ts'
import { lazy, useLazy } from './use-lazy.ts'

const highlighting = lazy(() => import('./highlight.ts'))

/** Code with its language, coloured, to be copied as it was written. */
export function CodeBlock({ children }: { children: ReactNode }) {
  const { code, language } = readCode(children)
  const t = useTranslations('chat')
  return (
    <div className="overflow-hidden rounded-xl border border-line bg-surface">
      <div className="flex h-9 items-center justify-between border-b border-line ps-3.5 pe-1 text-xs text-muted">
        <span>{language ?? t('code')}</span>
        <CopyButton text={() => code} label={t('copyCode')} />
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
        tabIndex={0}
        dir="ltr"
        className="overflow-x-auto p-3.5 font-mono text-[0.8125rem] leading-6"
      >
        <code>{language ? <Coloured code={code} language={language} /> : code}</code>
      </pre>
    </div>
  )
}

type Code = { code: string; language: string }

function Coloured({ code, language }: Code) {
  const highlighter = useLazy(highlighting, true)
  const done = useColoured(code)
  const parts = useMemo(() => highlighter?.highlight(done, language), [highlighter, done, language])
  if (!parts) return code
  return (
    <>
      <Parts parts={parts} />
      {code.slice(done.length)}
    </>
  )
}

const settledMs = 150

/**
 * How much of code that may be growing is worth colouring now: all of it while it is short, then again each time it has
 * grown by an eighth, and all of it once it stands still. So the work for a long one is in proportion to its length.
 */
function useColoured(code: string): string {
  const last = useRef(code)
  const [, settle] = useState(0)
  const grown = code.length - last.current.length
  if (!code.startsWith(last.current) || code.length < 1000 || grown > code.length / 8) last.current = code
  useEffect(() => {
    if (last.current === code) return
    const timer = setTimeout(() => {
      last.current = code
      settle((before) => before + 1)
    }, settledMs)
    return () => clearTimeout(timer)
  }, [code])
  return last.current
}

function Parts({ parts }: { parts: readonly CodePart[] }) {
  return parts.map((part, at) =>
    typeof part === 'string' ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: code grows at its end, so the place is the identity
      <Fragment key={at}>{part}</Fragment>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: as above
      <span key={at} className={part.className}>
        <Parts parts={part.parts} />
      </span>
    ),
  )
}

/** What stands in the `code` element that markdown makes of a block, and the language behind its fence. */
function readCode(element: ReactNode): { code: string; language: string | undefined } {
  if (typeof element !== 'object' || !element || !('props' in element)) return { code: '', language: undefined }
  const { className, children } = element.props as { className?: unknown; children?: unknown }
  const code = Array.isArray(children) ? children.join('') : String(children ?? '')
  return { code: code.replace(/\n$/, ''), language: /language-([\w+#.-]+)/.exec(String(className ?? ''))?.[1] }
}
