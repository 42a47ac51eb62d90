import { type Conversation, untitled } from '../conversations/conversation.entity.ts'
import type { Message } from '../conversations/message.entity.ts'
import { internalId, publicId } from '../ids.ts'
import { isPageTool } from '../tools/page-tools.ts'
import { pageItemOf } from './page-items.ts'
import type {
  AssistantMessageItem,
  AttachmentItem,
  ClientToolCallItem,
  OutputText,
  Page,
  StructuredInputItem,
  Thread,
  ThreadItem,
  UserMessageItem,
  WidgetItem,
  WorkflowItem,
} from './protocol.ts'
import { isAtWork, toolTask, type UsedTool, workflowSummary } from './tool-task.ts'
import { widgetOf } from './widgets.ts'
import type { ChatkitWords } from './words.ts'

/** What is shown of a message. */
export type SaidMessage = Pick<Message, 'id' | 'conversationId' | 'role' | 'content' | 'createdAt'>

/** The files of each message as items, by the message's row id. */
export type Files = ReadonlyMap<string, AttachmentItem[]>

/** A conversation as a thread; without items, as in lists and events, unless a page of them is given. */
export function toThread(
  conversation: Pick<Conversation, 'id' | 'title' | 'titledBy' | 'createdAt'>,
  items: Page<ThreadItem> = { data: [], has_more: false },
): Thread {
  const { title, titledBy } = conversation
  return {
    id: publicId('conv', conversation.id),
    ...((titledBy !== 'nobody' || title !== untitled) && { title }),
    created_at: conversation.createdAt.toISOString(),
    status: { type: 'active' },
    metadata: {},
    items,
  }
}

/**
 * The items of one message, in order: what was said, then the workflow of the tools that were used, then their widgets,
 * then what the page has to answer. None for a message that is still being written and for what no person said (imported instructions).
 */
export function toItems(
  message: SaidMessage,
  calls: readonly UsedTool[],
  words: ChatkitWords,
  files?: Files,
): ThreadItem[] {
  if (message.role === 'USER') return [userItem(message, files?.get(message.id) ?? [])]
  if (message.role === 'SYSTEM') return []
  return [
    ...(message.content ? [assistantItem(message, message.content)] : []),
    ...(calls.some((call) => !isPageTool(call)) ? [workflowItem(message, calls, words)] : []),
    ...calls.flatMap((call) => widgetItem(message, call, words) ?? []),
    ...calls.flatMap((call) => pageItem(message, call) ?? []),
  ]
}

function userItem(message: SaidMessage, attachments: AttachmentItem[]): UserMessageItem {
  return {
    ...baseOf(message),
    type: 'user_message',
    content: [{ type: 'input_text', text: message.content }],
    attachments,
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

/** One task per tool call that is not the page's, and a summary once none of them is at work. */
export function workflowItem(message: SaidMessage, all: readonly UsedTool[], words: ChatkitWords): WorkflowItem {
  const calls = all.filter((call) => !isPageTool(call))
  return {
    ...baseOf(message),
    id: workflowId(message.id),
    type: 'workflow',
    workflow: {
      type: 'custom',
      tasks: calls.map((call) => toolTask(call, words)),
      ...(!calls.some(isAtWork) && { summary: workflowSummary(calls, words) }),
      expanded: false,
    },
  }
}

/** What a tool call shows besides its task, as it is now: a question to the person, or a result. Null when nothing. */
export function widgetItem(message: SaidMessage, call: UsedTool, words: ChatkitWords): WidgetItem | null {
  const shown = widgetOf(call, publicId('call', call.id), words)
  return shown && { ...baseOf(message), id: widgetId(call.id), type: 'widget', ...shown }
}

/** A call that the page answers; null for any other. */
export function pageItem(message: SaidMessage, call: UsedTool): ClientToolCallItem | StructuredInputItem | null {
  const item = isPageTool(call) ? pageItemOf(call, publicId('call', call.id)) : null
  if (!item) return null
  const prefix = item.type === 'structured_input' ? 'ask' : 'tc'
  return { ...baseOf(message), id: publicId('call', call.id).replace(/^call/, prefix), ...item }
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

export function widgetId(callId: string): string {
  return publicId('call', callId).replace(/^call_/, 'wid_')
}

/** The row id of the message behind an item that is named after it; null when it is malformed or named after a call. */
export function messageOfItem(itemId: string): string | null {
  return internalId('msg', itemId.replace(/^wf_/, 'msg_'))
}

/** The row id of the call behind an item that is named after it; null when it is malformed or named after a message. */
export function callOfItem(itemId: string): string | null {
  return internalId('call', itemId.replace(/^(wid|tc|ask)_/, 'call_'))
}
