import { useLocation } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { query } from '~/api.ts'
import type { ChatMessage } from '~/conversation-state.ts'
import { EarlierMessages } from './queries.ts'
import type { ReadConversation } from './use-conversation.ts'

const pageSize = 100

/**
 * Opens the conversation at the message that the address names, as the search does. Reads back to it first when it is not
 * among the newest. Gives whether the address names one.
 */
export function useNamedMessage(read: ReadConversation, onMore: (messages: readonly ChatMessage[]) => void): boolean {
  const { hash, key } = useLocation()
  const named = /^#(msg_\w+)$/.exec(hash)?.[1]
  const more = useRef(onMore)
  const shownFor = useRef<string | null>(null)
  useEffect(() => {
    more.current = onMore
  })
  useEffect(() => {
    if (!named || shownFor.current === key) return
    shownFor.current = key
    void (async () => {
      if (!show(named)) await readBackTo(named, read, (messages) => more.current(messages)).catch(() => {})
    })()
  }, [named, key, read])
  return named !== undefined
}

async function readBackTo(id: string, read: ReadConversation, onMore: (messages: readonly ChatMessage[]) => void) {
  let { hasPreviousPage, startCursor } = read.messages.pageInfo
  while (hasPreviousPage && startCursor) {
    const { conversation } = await query(EarlierMessages, { id: read.id, last: pageSize, before: startCursor })
    if (!conversation) return
    const messages = conversation.messages.edges.map(({ node }) => node)
    onMore(messages)
    if (messages.some((it) => it.id === id)) return requestAnimationFrame(() => setTimeout(() => show(id)))
    ;({ hasPreviousPage, startCursor } = conversation.messages.pageInfo)
  }
}

function show(id: string): boolean {
  const element = document.getElementById(id)
  element?.scrollIntoView({ block: 'center' })
  element?.animate?.([{ backgroundColor: 'var(--accent-soft)' }, {}], { duration: 2500, easing: 'ease-out' })
  return element !== null
}
