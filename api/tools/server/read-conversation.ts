import type { SqlEntityManager } from '@mikro-orm/sql'
import { z } from 'zod'
import { owned, type Viewer } from '../../auth/viewer.ts'
import { ownConversation } from '../../conversations/conversations.ts'
import { Message } from '../../conversations/message.entity.ts'
import { notFound } from '../../errors.ts'
import { internalId, publicId } from '../../ids.ts'
import { tool } from './tool.ts'

/** What a model is given has to stay readable as a whole. */
const maxCharacters = 24_000
const batch = 50

const MessageShape = z.strictObject({
  number: z.number().describe('Its place in the conversation: numbers grow, and may have gaps'),
  role: z.enum(['user', 'assistant']),
  said_at: z.string(),
  text: z.string(),
})

export const readConversationTool = tool({
  name: 'read_conversation',
  title: 'Read conversation',
  description:
    "Reads what was said in one of the person's conversations, from the beginning on, or from the message after a number. " +
    'When more is true, read on with after set to the number of the last message.',
  scope: 'conversations:read',
  readOnly: true,
  idempotent: true,
  destructive: false,
  input: z.strictObject({
    conversation_id: z.string().describe('conv_…, as search_conversations gives it'),
    after: z.number().int().min(0).max(2_147_483_647).default(0),
  }),
  output: z.strictObject({
    conversation_id: z.string(),
    title: z.string(),
    messages: z.array(MessageShape),
    more: z.boolean(),
  }),
  subject: async ({ conversation_id }, { em, viewer }) =>
    (await ownConversation(em, viewer, conversationRow(conversation_id))).title,
  async run({ conversation_id, after }, { em, viewer, signal, tell }) {
    const conversation = await ownConversation(em, viewer, conversationRow(conversation_id))
    const messages: z.input<typeof MessageShape>[] = []
    let room = maxCharacters
    let more = false
    for await (const message of said(em, viewer, conversation.id, after)) {
      signal.throwIfAborted()
      more = messages.length > 0 && message.content.length > room
      if (more) break
      messages.push(messageShape(message, room))
      room -= message.content.length
      if (messages.length % batch === 0) await tell(message.sequence, conversation.lastSequence)
    }
    await tell(conversation.lastSequence, conversation.lastSequence)
    return { conversation_id: publicId('conv', conversation.id), title: conversation.title, messages, more }
  },
})

/** The row id of a conversation that the model or a client named. Throws NOT_FOUND for what is no id of one. */
export function conversationRow(id: string): string {
  const uuid = internalId('conv', id)
  if (!uuid) throw notFound('conversation')
  return uuid
}

/** What stands in the conversation today, in order, read a batch at a time: without what was edited away. */
export async function* said(
  em: SqlEntityManager,
  viewer: Viewer,
  conversationId: string,
  after = 0,
): AsyncGenerator<Message, void> {
  for (let last = after; ; ) {
    const messages: Message[] = await em.find(
      Message,
      { conversationId, ...owned(viewer), sequence: { $gt: last }, supersededAt: null, role: { $ne: 'SYSTEM' } },
      { orderBy: { sequence: 'asc' }, limit: batch },
    )
    // A turn that only called tools has no text.
    yield* messages.filter(({ content }) => content !== '')
    last = messages.at(-1)?.sequence ?? last
    if (messages.length < batch) return
  }
}

function messageShape({ sequence, role, createdAt, content }: Message, room: number): z.input<typeof MessageShape> {
  const whole = content.length <= room
  return {
    number: sequence,
    role: role === 'USER' ? 'user' : 'assistant',
    said_at: createdAt.toISOString(),
    text: whole ? content : `${content.slice(0, room).toWellFormed()}\n[Cut here: the message is longer.]`,
  }
}
