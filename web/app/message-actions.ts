import { createContext, useContext } from 'react'
import type { ChatMessage } from './conversation-state.ts'

export type Feedback = NonNullable<ChatMessage['feedback']>

/** What one can do with a message that was said. */
export type MessageActions = {
  /** Says a message of one's own anew; whether that was taken. Absent while an answer is made: then it would be refused. */
  edit: ((messageId: string, text: string) => Promise<boolean>) | null
  rate: (messageId: string, feedback: Feedback | null) => Promise<void>
  /** Gives up a message that waits for its turn. */
  giveUp: (runId: string) => Promise<void>
}

/** Absent where messages are only shown. */
export const MessageActionsContext = createContext<MessageActions | null>(null)

export const useMessageActions = () => useContext(MessageActionsContext)
