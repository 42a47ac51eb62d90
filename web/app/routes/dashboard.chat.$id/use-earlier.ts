import { useEffect, useRef, useState } from 'react'
import { query } from '~/api.ts'
import type { ChatMessage } from '~/conversation-state.ts'
import { sentenceOf } from '~/failure.ts'
import { EarlierMessages } from './queries.ts'
import type { ReadConversation } from './use-conversation.ts'

/** What a page has, oldest first; nothing at the beginning of the conversation; or it could not be read now. */
export type EarlierPage = readonly ChatMessage[] | 'failed'

export type EarlierPages = {
  /** Whether more was said before what is here. */
  more: boolean
  state: 'idle' | 'busy' | { failure: string }
  /** Reads the page before, one at a time. */
  read: (last: number) => Promise<EarlierPage>
}

/** The way back to what was said before the messages that are here, of which `oldest` is the first. */
export function useEarlier(
  conversation: ReadConversation,
  oldest: ChatMessage | undefined,
  onMore: (messages: readonly ChatMessage[]) => void,
): EarlierPages {
  const [state, setState] = useState<EarlierPages['state']>('idle')
  const page = useRef(conversation.messages.pageInfo)
  const asked = useRef<Promise<EarlierPage> | null>(null)
  // Read anew, without what was read from further back: then the way back begins here again.
  const known = useRef(conversation)
  useEffect(() => {
    if (known.current === conversation) return
    known.current = conversation
    if (oldest?.id === conversation.messages.edges[0]?.node.id) page.current = conversation.messages.pageInfo
  }, [conversation, oldest])

  const readPage = async (last: number): Promise<EarlierPage> => {
    const { hasPreviousPage, startCursor } = page.current
    if (!hasPreviousPage || !startCursor) return []
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
      return 'failed'
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
