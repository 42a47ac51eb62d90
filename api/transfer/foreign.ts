import type { z } from 'zod'
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
    const { data, error } = readers[format].safeParse(it)
    if (!data) yield { name: nameOf(it) ?? `number ${at + 1}`, problem: firstProblem(error) }
    else if (data.nodes.length === 0) yield { name: data.title || `number ${at + 1}`, problem: 'has no messages' }
    else {
      const moved = movedFromTree(data)
      const name = moved.conversation.title
      yield moved.messages.length === 0 ? { name, problem: 'has no text' } : { name, moved }
    }
  }
}

function nameOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null
  const name = 'title' in value ? value.title : 'name' in value ? value.name : null
  return typeof name === 'string' && name.trim() !== '' ? name.slice(0, 200) : null
}
