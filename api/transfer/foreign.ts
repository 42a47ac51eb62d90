import type { z } from 'zod'
import type { MovedConversation } from './bundle.ts'
import { Chatgpt } from './chatgpt-export.ts'
import { Claude } from './claude-export.ts'
import { Librechat } from './librechat-export.ts'
import { OpenWebui } from './open-webui-export.ts'
import { firstProblem, type ReadConversation } from './read-bundle.ts'
import { movedFromTree, type Tree } from './tree.ts'

export type ForeignFormat = 'chatgpt' | 'claude' | 'librechat' | 'open-webui'

const readers: Record<ForeignFormat, z.ZodType<Tree>> = {
  chatgpt: Chatgpt,
  claude: Claude,
  librechat: Librechat,
  'open-webui': OpenWebui,
}

/** Which program wrote this export; null when none that is known. */
export function formatOf(value: unknown): ForeignFormat | null {
  const all: unknown[] = Array.isArray(value) ? value : [value]
  return all.reduce((found: ForeignFormat | null, it) => found ?? formatOfOne(it), null)
}

function formatOfOne(it: unknown): ForeignFormat | null {
  if (typeof it !== 'object' || it === null) return null
  if ('mapping' in it) return 'chatgpt'
  if ('chat_messages' in it) return 'claude'
  if ('chat' in it) return 'open-webui'
  return 'conversationId' in it && 'messages' in it ? 'librechat' : null
}

/** The conversations of another program's export, one by one; one that is damaged is told in its place. */
export function* readForeign(format: ForeignFormat, value: unknown): Generator<ReadConversation> {
  for (const [at, it] of (Array.isArray(value) ? value : [value]).entries()) {
    const read = movedFrom(readers[format], it)
    yield 'moved' in read
      ? { name: read.moved.conversation.title, ...read }
      : { name: nameOf(it) ?? `number ${at + 1}`, ...read }
  }
}

function movedFrom(reader: z.ZodType<Tree>, value: unknown): { moved: MovedConversation } | { problem: string } {
  try {
    const { data, error } = reader.safeParse(value)
    if (!data) return { problem: firstProblem(error) }
    if (data.nodes.length === 0) return { problem: 'has no messages' }
    const read = movedFromTree(data)
    return 'moved' in read && read.moved.messages.length === 0 ? { problem: 'has no text' } : read
  } catch (error) {
    // Making text of JSON that is nested a hundred thousand deep runs out of stack.
    if (error instanceof RangeError) return { problem: 'is nested too deeply' }
    throw error
  }
}

function nameOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null
  const name = 'title' in value ? value.title : 'name' in value ? value.name : null
  return typeof name === 'string' && name.trim() !== '' ? name.slice(0, 200) : null
}
