import { createContext, useContext } from 'react'
import type { ConversationListFieldsFragment } from '../../../schema/generated/graphql.ts'

export type ListedConversation = ConversationListFieldsFragment

/** What the frame around the signed-in pages offers to them. */
export type Frame = {
  viewer: { id: string; name: string; email: string }
  /** Those that may answer, the default one first. */
  models: readonly string[]
  /** Newest first, pinned ones ahead. */
  conversations: readonly ListedConversation[]
  /** Says how a conversation is now, so that the list shows it. */
  note: (conversation: ListedConversation) => void
  /** Says that a conversation is gone. */
  forget: (conversationId: string) => void
  /** A conversation as it is known by now, told since it was read; null when it is gone or about to go. */
  latest: (conversation: ListedConversation) => ListedConversation | null
  /** Deletes a conversation a few seconds from now, unless the person takes it back. */
  remove: (conversation: ListedConversation) => void
  /** Says what the keyboard can do. */
  showShortcuts: () => void
  /** Opens the sidebar where it does not stand beside the page. */
  openSidebar: () => void
}

export const FrameContext = createContext<Frame | null>(null)

export function useFrame(): Frame {
  const frame = useContext(FrameContext)
  if (!frame) throw new Error('This page stands outside the frame.')
  return frame
}
