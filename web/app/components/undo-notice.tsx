import { useEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import { useTranslations } from 'use-intl'
import { Button } from './button.tsx'
import { CrossIcon } from './icons.tsx'

type UndoNoticeProps = { title: string; onUndo: () => void; onDismiss: () => void }

/**
 * Says that something is gone and offers it back. The focus goes there, since what had it is gone too. It stands below the page,
 * wherever it is made: it covers nothing that one may want to use meanwhile.
 */
export function UndoNotice({ title, onUndo, onDismiss }: UndoNoticeProps) {
  const t = useTranslations('common')
  const undo = useRef<HTMLButtonElement>(null)
  useEffect(() => undo.current?.focus(), [])
  return createPortal(
    <div
      role="status"
      data-passing=""
      className="mx-auto mt-1 mb-[max(0.75rem,env(safe-area-inset-bottom))] flex w-[min(28rem,calc(100%-2rem))] shrink-0 items-center gap-2 rounded-2xl border border-line bg-raised py-2 ps-4 pe-2 text-sm shadow-float motion-safe:animate-rise"
    >
      <span className="flex min-w-0 flex-1 whitespace-nowrap">
        {t.rich('deleted', { name: () => <bdi className="truncate">{title}</bdi> })}
      </span>
      <Button ref={undo} size="small" onClick={onUndo}>
        {t('undo')}
      </Button>
      <Button size="tiny" look="quiet" onClick={onDismiss} aria-label={t('dismiss')} title={t('dismiss')}>
        <CrossIcon className="size-4" />
      </Button>
    </div>,
    document.querySelector('#page') ?? document.body,
  )
}
