import { useEffect, useRef } from 'react'
import { useTranslations } from 'use-intl'
import { Button } from './button.tsx'
import { CrossIcon } from './icons.tsx'

type UndoNoticeProps = { title: string; onUndo: () => void; onDismiss: () => void }

/** Says that something is gone and offers it back. The focus goes there, since what had it is gone too. */
export function UndoNotice({ title, onUndo, onDismiss }: UndoNoticeProps) {
  const t = useTranslations('common')
  const undo = useRef<HTMLButtonElement>(null)
  useEffect(() => undo.current?.focus(), [])
  return (
    <div
      role="status"
      className="fixed inset-x-4 bottom-[max(1rem,env(safe-area-inset-bottom))] z-30 mx-auto flex max-w-md items-center gap-2 rounded-2xl border border-line bg-raised py-2 ps-4 pe-2 text-sm shadow-float motion-safe:animate-rise"
    >
      <span className="min-w-0 flex-1 truncate">{t.rich('deleted', { name: () => <bdi>{title}</bdi> })}</span>
      <Button ref={undo} size="small" onClick={onUndo}>
        {t('undo')}
      </Button>
      <Button size="tiny" look="quiet" onClick={onDismiss} aria-label={t('dismiss')} title={t('dismiss')}>
        <CrossIcon className="size-4" />
      </Button>
    </div>
  )
}
