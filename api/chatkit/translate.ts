import type { Conversation } from '../conversations/conversation.entity.ts'
import type { Message } from '../conversations/message.entity.ts'
import { internalId, publicId } from '../ids.ts'
import type {
  AssistantMessageItem,
  OutputText,
  Page,
  Thread,
  ThreadItem,
  UserMessageItem,
  WorkflowItem,
} from './protocol.ts'
import { isAtWork, toolTask, type UsedTool, workflowSummary } from './tool-task.ts'

/** What is shown of a message. */
export type SaidMessage = Pick<Message, 'id' | 'conversationId' | 'role' | 'content' | 'createdAt'>

/** A conversation as a thread; without items, as in lists and events, unless a page of them is given. */
export function toThread(
  conversation: Pick<Conversation, 'id' | 'title' | 'titledBy' | 'createdAt'>,
  items: Page<ThreadItem> = { data: [], has_more: false },
): Thread {
  return {
    id: publicId('conv', conversation.id),
    ...(conversation.titledBy !== 'nobody' && { title: conversation.title }),
    created_at: conversation.createdAt.toISOString(),
    status: { type: 'active' },
    metadata: {},
    items,
  }
}

/**
 * The items of one message, in order: what was said, then the workflow of the tools that were used. None for a message
 * that is still being written and for what no person said (imported instructions).
 */
export function toItems(message: SaidMessage, calls: readonly UsedTool[]): ThreadItem[] {
  if (message.role === 'USER') return [userItem(message)]
  if (message.role === 'SYSTEM') return []
  return [
    ...(message.content ? [assistantItem(message, message.content)] : []),
    ...(calls.length > 0 ? [workflowItem(message, calls)] : []),
  ]
}

function userItem(message: SaidMessage): UserMessageItem {
  return {
    ...baseOf(message),
    type: 'user_message',
    content: [{ type: 'input_text', text: message.content }],
    attachments: [],
    inference_options: {},
  }
}

/** Without text: as it is announced, before anything was said. */
export function assistantItem(message: SaidMessage, text?: string): AssistantMessageItem {
  return { ...baseOf(message), type: 'assistant_message', content: text === undefined ? [] : [outputText(text)] }
}

export function outputText(text: string): OutputText {
  return { type: 'output_text', text, annotations: [] }
}

/** One task per tool call, and a summary once all of them have ended. */
export function workflowItem(message: SaidMessage, calls: readonly UsedTool[]): WorkflowItem {
  return {
    ...baseOf(message),
    id: workflowId(message.id),
    type: 'workflow',
    workflow: {
      type: 'custom',
      tasks: calls.map(toolTask),
      ...(!calls.some(isAtWork) && { summary: workflowSummary(calls) }),
      expanded: false,
    },
  }
}

function baseOf(message: SaidMessage) {
  return {
    id: publicId('msg', message.id),
    thread_id: publicId('conv', message.conversationId),
    created_at: message.createdAt.toISOString(),
  }
}

/** Derived from the message, so that it is the same in every stream and list. */
export function workflowId(messageId: string): string {
  return publicId('msg', messageId).replace(/^msg_/, 'wf_')
}

/** The row id of the message behind the id of any of its items; null when it is malformed. */
export function messageOfItem(itemId: string): string | null {
  return internalId('msg', itemId.replace(/^wf_/, 'msg_'))
}
