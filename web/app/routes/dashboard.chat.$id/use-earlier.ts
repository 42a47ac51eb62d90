import { useEffect, useRef, useState } from 'react'
import { query } from '~/api.ts'
import type { ChatMessage } from '~/conversation-state.ts'
import { sentenceOf } from '~/failure.ts'
import { EarlierMessages } from './queries.ts'
import type { ReadConversation } from './use-conversation.ts'

export type EarlierPages = {
  /** Whether more was said before what is here. */
  more: boolean
  state: 'idle' | 'busy' | { failure: string }
  /** Reads the page before: what it has, oldest first; null when there is none, or it could not be read. One at a time. */
  read: (last: number) => Promise<readonly ChatMessage[] | null>
}

/** The way back to what was said before the messages that are here, of which `oldest` is the first. */
export function useEarlier(
  conversation: ReadConversation,
  oldest: ChatMessage | undefined,
  onMore: (messages: readonly ChatMessage[]) => void,
): EarlierPages {
  const [state, setState] = useState<EarlierPages['state']>('idle')
  const page = useRef(conversation.messages.pageInfo)
  const asked = useRef<Promise<readonly ChatMessage[] | null> | null>(null)
  // Read anew, without what was read from further back: then the way back begins here again.
  const known = useRef(conversation)
  useEffect(() => {
    if (known.current === conversation) return
    known.current = conversation
    if (oldest?.id === conversation.messages.edges[0]?.node.id) page.current = conversation.messages.pageInfo
  }, [conversation, oldest])

  const readPage = async (last: number): Promise<readonly ChatMessage[] | null> => {
    const { hasPreviousPage, startCursor } = page.current
    if (!hasPreviousPage || !startCursor) return null
    setState('busy')
    try {
      const { conversation: found } = await query(EarlierMessages, { id: conversation.id, last, before: startCursor })
      const messages = found?.messages.edges.map(({ node }) => node) ?? []
      page.current = found?.messages.pageInfo ?? { hasPreviousPage: false, startCursor: null }
      onMore(messages)
      setState('idle')
      return messages
    } catch (error) {
      setState({ failure: sentenceOf(error) })
      return null
    }
  }
  const read = (last: number) => {
    asked.current ??= readPage(last).finally(() => {
      asked.current = null
    })
    return asked.current
  }
  return { more: page.current.hasPreviousPage, state, read }
}
