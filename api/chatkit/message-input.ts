import { badInput, notFound } from '../errors.ts'
import type { UserMessageInput } from './protocol.ts'

/**
 * What a person typed, as the text of one message: a tag as `@name`, what they reply to as a quote above. Throws
 * BAD_USER_INPUT when nothing was typed or a tool is demanded, NOT_FOUND for attachments: none have been uploaded.
 */
export function messageInput(input: UserMessageInput): { content: string; model?: string } {
  if (input.attachments.length > 0) throw notFound('attachment')
  const { model, tool_choice: tool } = input.inference_options
  if (tool) throw badInput([...path, 'inference_options', 'tool_choice'], 'is not a tool that can be chosen')
  const typed = input.content.map((part) => (part.type === 'input_tag' ? `@${part.text}` : part.text)).join('')
  if (typed.trim() === '') throw badInput([...path, 'content'], 'must not be empty')
  return { content: quote(input.quoted_text ?? '') + typed, ...(model != null && { model }) }
}

const path = ['params', 'input']

function quote(text: string): string {
  const lines = text.trim()
  return lines === '' ? '' : `${lines.replace(/^/gm, '> ')}\n\n`
}
