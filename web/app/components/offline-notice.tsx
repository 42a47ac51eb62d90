import { useConnection } from '~/events.ts'
import { Notice } from './notice.tsx'

/** Said where one writes, so that nobody waits for an answer that cannot come. */
export function OfflineNotice() {
  const connection = useConnection()
  if (connection !== 'offline' && connection !== 'lost') return null
  return (
    <Notice tone="warn" className="mb-2">
      {connection === 'offline' ? 'You are offline.' : 'The server cannot be reached.'} What you write is kept, and sent
      when the connection is back.
    </Notice>
  )
}
