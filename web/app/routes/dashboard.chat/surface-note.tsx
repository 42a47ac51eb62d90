import { type ReactNode, useRef } from 'react'
import { useTranslations } from 'use-intl'
import type { Surface } from './surface.ts'

/** Fine print below the panel: why it is here, and the other way. */
export function SurfaceNoteLine({ note, choose }: Pick<Surface, 'note' | 'choose'>) {
  const t = useTranslations('chatkit')
  const line = useRef<HTMLParagraphElement>(null)
  if (note.kind === 'none') return null
  const tryAgain = () => {
    // The button goes while it is tried: what is said keeps the focus.
    line.current?.focus()
    choose('chatkit')
  }
  return (
    <p ref={line} role="status" tabIndex={-1} className="mt-2 text-center text-xs leading-5 text-muted outline-none">
      {note.kind === 'trying' && t('trying')}
      {note.kind === 'failed' && note.again && `${t('noHelp')} `}
      {note.kind === 'failed' &&
        t.rich('failed', {
          why: t(`why.${note.why}`),
          again: (words) => <Choice onClick={tryAgain}>{words}</Choice>,
          always: (words) => <Choice onClick={() => choose('panel')}>{words}</Choice>,
        })}
      {note.kind === 'chosen' &&
        t.rich('chosen', { other: (words) => <Choice onClick={() => choose('chatkit')}>{words}</Choice> })}
    </p>
  )
}

function Choice({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" onClick={onClick} className="rounded text-link underline underline-offset-2">
      {children}
    </button>
  )
}
