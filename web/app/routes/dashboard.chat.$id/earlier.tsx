import { useState } from 'react'
import { query } from '~/api.ts'
import { Button } from '~/components/button.tsx'
import { Spinner } from '~/components/spinner.tsx'
import type { ChatMessage } from '~/conversation-state.ts'
import { sentenceOf } from '~/failure.ts'
import { EarlierMessages } from './queries.ts'
import type { ReadConversation } from './use-conversation.ts'

const pageSize = 50

type EarlierProps = { read: ReadConversation; onMore: (messages: readonly ChatMessage[]) => void }

/** The way to what was said before the page that was read. */
export function Earlier({ read, onMore }: EarlierProps) {
  const [{ hasPreviousPage, startCursor }, setInfo] = useState(read.messages.pageInfo)
  const [state, setState] = useState<'idle' | 'busy' | { failure: string }>('idle')
  if (!hasPreviousPage || !startCursor) return null
  const more = async () => {
    setState('busy')
    try {
      const { conversation } = await query(EarlierMessages, { id: read.id, last: pageSize, before: startCursor })
      if (conversation) {
        onMore(conversation.messages.edges.map(({ node }) => node))
        setInfo(conversation.messages.pageInfo)
      }
      setState('idle')
    } catch (error) {
      setState({ failure: sentenceOf(error) })
    }
  }
  return (
    <div className="mb-6 text-center">
      <Button look="quiet" size="small" onClick={more} disabled={state === 'busy'}>
        {state === 'busy' && <Spinner />}
        Show earlier messages
      </Button>
      {typeof state === 'object' && <p className="text-sm text-danger">{state.failure}</p>}
    </div>
  )
}
