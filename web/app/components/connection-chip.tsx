import { reconnect, useConnection } from '~/events.ts'
import { Button } from './button.tsx'
import { cn } from './class-names.ts'
import { CloudOffIcon } from './icons.tsx'
import { Spinner } from './spinner.tsx'

/** Whether the page hears what happens, in words. */
export function ConnectionChip() {
  const connection = useConnection()
  return (
    <div role="status" className="flex shrink-0 items-center gap-2 text-xs text-muted" data-connection={connection}>
      {connection === 'live' && (
        <span className="flex items-center gap-1.5">
          <span className="size-2 rounded-full bg-link" aria-hidden="true" />
          Live
        </span>
      )}
      {(connection === 'connecting' || connection === 'reconnecting') && (
        <span className={cn('flex items-center gap-1.5 motion-safe:animate-[fade-in_200ms_600ms_backwards]')}>
          <Spinner />
          {connection === 'connecting' ? 'Connecting' : 'Reconnecting'}
        </span>
      )}
      {connection === 'offline' && (
        <span className="flex items-center gap-1.5">
          <CloudOffIcon className="size-4" />
          You are offline
        </span>
      )}
      {connection === 'lost' && (
        <>
          <span className="flex items-center gap-1.5">
            <CloudOffIcon className="size-4" />
            Not connected
          </span>
          <Button size="small" onClick={reconnect}>
            Reconnect
          </Button>
        </>
      )}
    </div>
  )
}
