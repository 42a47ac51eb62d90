import type { ReactNode } from 'react'
import type { Surface } from './surface.ts'

/** Fine print below the panel: why it is here, and the other way. */
export function SurfaceNoteLine({ note, choose }: Pick<Surface, 'note' | 'choose'>) {
  if (note.kind === 'none') return null
  return (
    <p className="mt-2 text-center text-xs leading-5 text-muted">
      {note.kind === 'failed' ? (
        <>
          {note.sentence}, so this is Parley’s own chat.{' '}
          <Choice onClick={() => choose('chatkit')}>Try ChatKit again</Choice> or{' '}
          <Choice onClick={() => choose('panel')}>always use this one</Choice>.
        </>
      ) : (
        <>
          Parley’s own chat. <Choice onClick={() => choose('chatkit')}>Use ChatKit instead</Choice>
        </>
      )}
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
