import type { ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import type { Surface } from './surface.ts'

/** Fine print below the panel: why it is here, and the other way. */
export function SurfaceNoteLine({ note, choose }: Pick<Surface, 'note' | 'choose'>) {
  const t = useTranslations('chatkit')
  if (note.kind === 'none') return null
  return (
    <p className="mt-2 text-center text-xs leading-5 text-muted">
      {note.kind === 'failed'
        ? t.rich('failed', {
            why: t(`why.${note.why}`),
            again: (words) => <Choice onClick={() => choose('chatkit')}>{words}</Choice>,
            always: (words) => <Choice onClick={() => choose('panel')}>{words}</Choice>,
          })
        : t.rich('chosen', { other: (words) => <Choice onClick={() => choose('chatkit')}>{words}</Choice> })}
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
