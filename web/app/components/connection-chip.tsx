import { useTranslations } from 'use-intl'
import { useSignedOut } from '~/api.ts'
import { reconnect, useConnection } from '~/events.ts'
import { Button } from './button.tsx'
import { cn } from './class-names.ts'
import { CloudOffIcon } from './icons.tsx'
import { Spinner } from './spinner.tsx'

/** Whether the page hears what happens, in words. */
export function ConnectionChip() {
  const connection = useConnection()
  // Its stream may last a moment longer than the sign-in.
  const signedOut = useSignedOut()
  const t = useTranslations('connection')
  const words = useTranslations('common')
  return (
    <div role="status" className="flex shrink-0 items-center gap-2 text-xs text-muted" data-connection={connection}>
      {connection === 'live' && !signedOut && (
        <span className="flex items-center gap-1.5">
          <span className="size-2 rounded-full bg-link" aria-hidden="true" />
          {t('live')}
        </span>
      )}
      {(connection === 'connecting' || connection === 'reconnecting') && (
        <span className={cn('flex items-center gap-1.5 motion-safe:animate-[fade-in_200ms_600ms_backwards]')}>
          <Spinner />
          {t(connection)}
        </span>
      )}
      {connection === 'offline' && (
        <span className="flex items-center gap-1.5">
          <CloudOffIcon className="size-4" />
          {t('offline')}
        </span>
      )}
      {connection === 'lost' && (
        <>
          <span className="flex items-center gap-1.5">
            <CloudOffIcon className="size-4" />
            {t('lost')}
          </span>
          <Button size="small" onClick={reconnect}>
            {words('reconnect')}
          </Button>
        </>
      )}
    </div>
  )
}
