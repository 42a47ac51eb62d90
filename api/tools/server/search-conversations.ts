import { z } from 'zod'
import { owned } from '../../auth/viewer.ts'
import { Conversation } from '../../conversations/conversation.entity.ts'
import { searchMessages } from '../../conversations/search-messages.ts'
import { publicId } from '../../ids.ts'
import { tool } from './tool.ts'

const mostFound = 20

const FoundShape = z.strictObject({
  conversation_id: z.string().describe('conv_…, to be given to read_conversation'),
  title: z.string(),
  number: z.number().describe('The place of the message in its conversation'),
  role: z.enum(['user', 'assistant']),
  said_at: z.string(),
  passage: z.string(),
})

export const searchConversationsTool = tool({
  name: 'search_conversations',
  title: 'Search conversations',
  description:
    "Searches everything that was said in the person's conversations, and their titles; best match first. " +
    'All of the words must be there, in any form; quotes keep words together, a minus excludes, or is or. ' +
    'For more of what was said there, use read_conversation.',
  scope: 'conversations:read',
  readOnly: true,
  idempotent: true,
  destructive: false,
  input: z.strictObject({ query: z.string().min(1).describe('A few words to look for') }),
  output: z.strictObject({
    found: z.array(FoundShape),
    more: z.boolean().describe('There are others: look for more words to narrow it down'),
  }),
  async run({ query }, { em, viewer, limits }) {
    const first = Math.min(mostFound, limits.pageMax)
    const { found, hasNextPage } = await searchMessages(em, viewer, { query, first }, limits)
    const ids = found.map(({ message }) => message.conversationId)
    const conversations = await em.find(Conversation, { id: { $in: ids }, ...owned(viewer) })
    const titles = new Map(conversations.map(({ id, title }) => [id, title]))
    return {
      found: found.map(({ message, snippet }) => ({
        conversation_id: publicId('conv', message.conversationId),
        title: titles.get(message.conversationId) ?? '',
        number: message.sequence,
        role: message.role === 'USER' ? ('user' as const) : ('assistant' as const),
        said_at: message.createdAt.toISOString(),
        passage: snippet.replaceAll(/[\u{e000}\u{e001}]/gu, ''),
      })),
      more: hasNextPage,
    }
  },
})
