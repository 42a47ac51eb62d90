import { badInput, notFound } from '../errors.ts'
import { internalId } from '../ids.ts'
import type { UserMessageInput } from './protocol.ts'

export type MessageInput = { content: string; model?: string; attachmentIds?: string[] }

/**
 * What a person typed, as the text of one message: a tag as `@name`, what they reply to as a quote above. Throws
 * BAD_USER_INPUT when nothing was typed (and no file is sent) or a tool is demanded, NOT_FOUND for a file that cannot be.
 */
export function messageInput(input: UserMessageInput): MessageInput {
  const attachmentIds = [...new Set(input.attachments)].map(attachmentOf)
  const { model, tool_choice: tool } = input.inference_options
  if (tool) throw badInput([...path, 'inference_options', 'tool_choice'], 'is not a tool that can be chosen')
  const typed = input.content.map((part) => (part.type === 'input_tag' ? `@${part.text}` : part.text)).join('')
  if (typed.trim() === '' && attachmentIds.length === 0) throw badInput([...path, 'content'], 'must not be empty')
  return {
    content: quote(input.quoted_text ?? '') + typed,
    ...(model != null && { model }),
    ...(attachmentIds.length > 0 && { attachmentIds }),
  }
}

/** The row id of an attachment. Throws NOT_FOUND when the id is malformed, in the words of one that does not exist. */
export function attachmentOf(attachmentId: string): string {
  const id = internalId('att', attachmentId)
  if (!id) throw notFound('attachment')
  return id
}

const path = ['params', 'input']

function quote(text: string): string {
  const lines = text.trim()
  return lines === '' ? '' : `${lines.replace(/^/gm, '> ')}\n\n`
}
