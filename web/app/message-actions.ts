import { createContext, useContext } from 'react'
import type { ChatMessage } from './conversation-state.ts'

export type Feedback = NonNullable<ChatMessage['feedback']>

/** What one can do with a message that was said. */
export type MessageActions = {
  /** Says a message of one's own anew; whether that was taken. Refused while an answer is made, unless it waits itself. */
  edit: (messageId: string, text: string) => Promise<boolean>
  /** Whether no answer is being made. */
  idle: boolean
  /** Where this conversation's drafts are kept. */
  draftKey: string
  rate: (messageId: string, feedback: Feedback | null) => Promise<void>
  /** Takes back a message that waits for its turn: what was written is the person's again. */
  takeBack: (message: ChatMessage) => Promise<void>
}

/** Absent where messages are only shown. */
export const MessageActionsContext = createContext<MessageActions | null>(null)

export const useMessageActions = () => useContext(MessageActionsContext)
