import type { z } from 'zod'
import { chatkitRequest } from '../../api/chatkit/protocol.ts'

export type ChatkitRow = {
  type: string
  /** Whether it names a thread or an item of one. */
  namesThread: boolean
  namesItem: boolean
  /** Whether it names an attachment. */
  namesAttachment: boolean
  body(ids: ChatkitIds): { type: string; params: Record<string, unknown> }
}

const input = { content: [{ type: 'input_text', text: 'Tell me about it' }], attachments: [], inference_options: {} }

type ChatkitIds = { thread: string; item: string; call: string; attachment: string }
type Sample = (ids: ChatkitIds) => unknown

/** What each member of a request is given. */
const samples: Record<string, Sample> = {
  thread_id: ({ thread }) => thread,
  item_id: ({ item }) => item,
  item_ids: ({ item }) => [item],
  input: () => input,
  title: () => 'A title',
  kind: () => 'positive',
  result: () => ({ done: true }),
  attachment_id: ({ attachment }) => attachment,
  name: () => 'note.txt',
  size: () => 4,
  mime_type: () => 'text/plain',
  audio_base64: () => 'AAAA',
  limit: () => 20,
  order: () => 'desc',
  action: ({ call }) => ({ type: 'tool.deny', payload: { call_id: call } }),
}

/** Members that are left out: `after` would page through what was said, and has a test of its own. */
const leftOut = new Set(['after'])

/** One row per request that the wire knows. Throws for a member that nobody said a value for. */
export function rowsOfChatkit(): ChatkitRow[] {
  return chatkitRequest.options.map((option) => {
    const type = String(option.shape.type.value)
    const members = Object.keys((option.shape.params as z.ZodObject).shape).filter((it) => !leftOut.has(it))
    for (const member of members) if (!samples[member]) throw new Error(`${type}: ${member} is new. Give it a sample.`)
    return {
      type,
      namesThread: members.includes('thread_id'),
      namesAttachment: members.includes('attachment_id'),
      namesItem: members.some((it) => it === 'item_id' || it === 'item_ids' || it === 'action'),
      body: (ids) => ({ type, params: Object.fromEntries(members.map((it) => [it, samples[it]?.(ids)])) }),
    }
  })
}
