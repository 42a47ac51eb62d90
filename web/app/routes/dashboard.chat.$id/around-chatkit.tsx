import { ConnectionChip } from '~/components/connection-chip.tsx'
import { PageHeader } from '~/components/page-header.tsx'
import { useSurface } from '~/routes/dashboard.chat/surface.ts'
import { SurfaceSwitch } from '~/routes/dashboard.chat/surface-switch.tsx'
import { RunStatus } from './run-status.tsx'
import { type ReadConversation, useConversation } from './use-conversation.ts'
import { useRunActions } from './use-run-actions.ts'

/** What stands above ChatKit. It tells ChatKit of what happened in the conversation without it. */
export function AroundChatKit({ read }: { read: ReadConversation }) {
  const { streaming, refresh } = useSurface()
  const [{ title, activeRun }, change] = useConversation(read, ({ __typename: type }) => {
    if (type === 'RunStarted' || type === 'MessageCompleted' || type === 'RunEnded') refresh()
  })
  const { stop, stopping } = useRunActions(activeRun, change)
  return (
    <>
      <PageHeader title={title}>
        {!streaming && <ConnectionChip />}
        <SurfaceSwitch />
      </PageHeader>
      {activeRun && !streaming && <RunStatus run={activeRun} stop={stop} stopping={stopping} />}
    </>
  )
}
