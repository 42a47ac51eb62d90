import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Viewer } from '../../auth/viewer.ts'
import { listConversations, ownConversation } from '../../conversations/conversations.ts'
import { publicId } from '../../ids.ts'
import type { PageLimits } from '../../page.ts'
import { conversationRow, said } from './read-conversation.ts'

/** What a conversation is to a client that reads resources: one Markdown text. */
export const conversationUri = 'conversation://{id}'

const newest = 50
const maxCharacters = 200_000

export const mimeType = 'text/markdown'

/** The newest ones; others can be found with search_conversations. */
export async function conversationResources(em: SqlEntityManager, viewer: Viewer, limits: PageLimits) {
  const { nodes } = await listConversations(em, viewer, { first: Math.min(newest, limits.pageMax), limits })
  return nodes.map(({ id, title, updatedAt }) => ({
    uri: `conversation://${publicId('conv', id)}`,
    name: publicId('conv', id),
    title,
    mimeType,
    annotations: { lastModified: updatedAt.toISOString() },
  }))
}

/** The whole of it, up to a length that a client can take. Throws NOT_FOUND. */
export async function conversationText(
  em: SqlEntityManager,
  viewer: Viewer,
  id: string,
  signal: AbortSignal,
): Promise<string> {
  const conversation = await ownConversation(em, viewer, conversationRow(id))
  let text = `# ${conversation.title}\n`
  for await (const { role, content, createdAt } of said(em, viewer, conversation.id)) {
    signal.throwIfAborted()
    if (text.length + content.length > maxCharacters) return `${text}\n[Cut here: the conversation is longer.]\n`
    text += `\n**${role === 'USER' ? 'User' : 'Assistant'}** (${createdAt.toISOString()}):\n\n${content}\n`
  }
  return text
}
