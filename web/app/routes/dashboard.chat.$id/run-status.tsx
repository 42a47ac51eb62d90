import { useTranslations } from 'use-intl'
import { Button } from '~/components/button.tsx'
import { Spinner } from '~/components/spinner.tsx'
import type { ChatRun } from '~/conversation-state.ts'

type RunStatusProps = { run: ChatRun; stop: () => void; stopping: boolean }

/** An answer is being made that ChatKit does not show, as after a reload. */
export function RunStatus({ run, stop, stopping }: RunStatusProps) {
  const t = useTranslations('chat')
  return (
    <div role="status" className="flex items-center gap-3 border-b border-line bg-surface px-5 py-2 text-sm text-muted">
      <Spinner />
      <span className="flex-1">{run.status === 'QUEUED' ? t('waiting') : t('beingWritten')}</span>
      <Button size="small" onClick={stop} disabled={stopping}>
        {t('stop')}
      </Button>
    </div>
  )
}
