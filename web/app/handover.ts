import type { ChatPageQuery } from '../../schema/generated/graphql.ts'
import type { Sent } from './use-sending.ts'

type ChatPage = { conversation: NonNullable<ChatPageQuery['conversation']> }

let handed: ChatPage | null = null

/** Keeps what sending into a new conversation gave, for the page that is about to show it: nothing is read twice. */
export function handOver({ conversation, message, run }: Sent): void {
  handed = {
    conversation: {
      ...conversation,
      activeRun: run,
      runs: { edges: [] },
      messages: { edges: [{ node: message }], pageInfo: { hasPreviousPage: false, startCursor: null } },
    },
  }
}

/** Gives it once. */
export function takeHandover(conversationId: string | undefined): ChatPage | null {
  const given = handed?.conversation.id === conversationId ? handed : null
  handed = null
  return given
}
