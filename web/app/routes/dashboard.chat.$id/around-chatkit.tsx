import { useEffect, useRef } from 'react'
import { ConnectionChip } from '~/components/connection-chip.tsx'
import { PageHeader } from '~/components/page-header.tsx'
import { useShownTitle } from '~/components/shown-title.ts'
import type { ConversationEvent } from '~/events.ts'
import { useSurface } from '~/routes/dashboard.chat/surface.ts'
import { SurfaceSwitch } from '~/routes/dashboard.chat/surface-switch.tsx'
import { RunStatus } from './run-status.tsx'
import { type ReadConversation, useConversation } from './use-conversation.ts'
import { useRunActions } from './use-run-actions.ts'

/** Whether the conversation looks different from now on, not only longer: a card that asks is such a thing too. */
function isToBeSeen(event: ConversationEvent): boolean {
  if (event.__typename === 'ToolCallChanged') return event.toolCall.status === 'AWAITING_APPROVAL'
  return ['RunStarted', 'MessageCompleted', 'RunEnded'].includes(event.__typename)
}

/** What stands above ChatKit. It tells ChatKit of what happened in the conversation without it. */
export function AroundChatKit({ read }: { read: ReadConversation }) {
  const { streaming, refresh } = useSurface()
  const titled = useShownTitle()
  const [{ title, activeRun }, change] = useConversation(read, (event) => {
    if (isToBeSeen(event)) refresh()
  })
  // What was read anew, after events were missed, ChatKit has missed too.
  const known = useRef(read)
  useEffect(() => {
    if (known.current !== read && known.current.id === read.id) refresh()
    known.current = read
  })
  const { stop, stopping } = useRunActions(activeRun, change)
  return (
    <>
      <PageHeader title={titled(title)}>
        {!streaming && <ConnectionChip />}
        <SurfaceSwitch />
      </PageHeader>
      {activeRun && !streaming && <RunStatus run={activeRun} stop={stop} stopping={stopping} />}
    </>
  )
}
