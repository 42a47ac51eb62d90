import { useTranslations } from 'use-intl'
/** No model is connected: a small program answers. Said wherever its answers are shown. */
export function OfflineBadge() {
  const t = useTranslations('chat')
  return (
    <span
      title={t('offlineHint')}
      className="hidden shrink-0 rounded-full border border-warn-line bg-warn-soft px-2.5 py-1 text-xs font-medium text-warn sm:inline"
    >
      {t('offline')}
    </span>
  )
}
