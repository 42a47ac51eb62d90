import { useTranslations } from 'use-intl'
import { useConnection } from '~/events.ts'
import { Notice } from './notice.tsx'

/** Said where one writes, so that nobody waits for an answer that cannot come. */
export function OfflineNotice() {
  const connection = useConnection()
  const t = useTranslations('chat')
  if (connection !== 'offline' && connection !== 'lost') return null
  return (
    <Notice tone="warn" className="mb-2">
      {connection === 'offline' ? t('youAreOffline') : t('serverAway')}
    </Notice>
  )
}
