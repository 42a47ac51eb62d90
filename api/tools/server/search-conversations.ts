import { z } from 'zod'
import { type Found, searchConversations } from '../../conversations/search.ts'
import { publicId } from '../../ids.ts'
import { tool } from './tool.ts'

const mostFound = 20

/** Nobody waits for more than that to be looked through. */
const mostLooked = 2_000

const FoundShape = z.strictObject({
  conversation_id: z.string().describe('conv_…, to be given to read_conversation'),
  title: z.string(),
  last_active: z.string().describe('When something was last said there'),
  message: z
    .strictObject({ number: z.number(), role: z.enum(['user', 'assistant']), said_at: z.string() })
    .nullable()
    .describe('Null when only the title has the words'),
  passage: z.string(),
})

export const searchConversationsTool = tool({
  name: 'search_conversations',
  title: 'Search conversations',
  description:
    "Looks for words in everything said in the person's conversations, and in their titles; newest conversations first. " +
    'All of the words must stand in the same message. For more of what was said there, use read_conversation.',
  scope: 'conversations:read',
  readOnly: true,
  idempotent: true,
  destructive: false,
  input: z.strictObject({ words: z.string().min(1).describe('A few words to look for') }),
  output: z.strictObject({
    found: z.array(FoundShape),
    more: z.boolean().describe('There are, or may be, others: look for other words to narrow it down'),
  }),
  async run({ words }, { em, viewer, signal, tell }) {
    const all: Found[] = []
    let left = 0
    for await (const { found, looked, total } of searchConversations(em, viewer, words)) {
      signal.throwIfAborted()
      all.push(...found)
      left = total - looked
      await tell(looked, total)
      if (all.length >= mostFound || looked >= mostLooked) break
    }
    return { found: all.slice(0, mostFound).map(foundShape), more: all.length > mostFound || left > 0 }
  },
})

function foundShape({ conversation, message, passage }: Found): z.input<typeof FoundShape> {
  return {
    conversation_id: publicId('conv', conversation.id),
    title: conversation.title,
    last_active: conversation.updatedAt.toISOString(),
    message: message && {
      number: message.sequence,
      role: message.role === 'USER' ? 'user' : 'assistant',
      said_at: message.createdAt.toISOString(),
    },
    passage,
  }
}
