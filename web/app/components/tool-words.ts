import { useTranslations } from 'use-intl'
import type { ToolCallFieldsFragment } from '../../../schema/generated/graphql.ts'
import type { Messages } from '../messages/shape.ts'

type Named = { title: string | null; name: string; server?: string }

/** A tool's title, or its name made readable: "add_task" is "Add task". */
export function toolTitle({ title, name }: Named): string {
  if (title) return title
  const words = name.replace(/[_-]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const builtInServers = ['tasks', 'conversations']

export const isBuiltIn = ({ server }: { server: string }) => builtInServers.includes(server)

/** The same in the person's language for the built-in tools; what others call themselves stays as it is. */
export function useToolTitle(): (tool: Named) => string {
  const t = useTranslations('tools.names')
  return (tool) => {
    const name = tool.name as keyof Messages['tools']['names']
    return isBuiltIn({ server: tool.server ?? '' }) && t.has(name) ? t(name) : toolTitle(tool)
  }
}

/** What went wrong, as a sentence; the tool's own words follow where they say more. */
export function useToolError(): (error: { code: string; message: string }) => string {
  const t = useTranslations('tools.error')
  return ({ code, message }) => {
    const known = code as keyof Messages['tools']['error']
    if (known === 'TOOL_FAILED' || !t.has(known)) return message || t('TOOL_FAILED')
    return [t(known), message].filter(Boolean).join(' ')
  }
}

/** What a call is about on one line, for the closed card: by name where the arguments have only an id. */
export function callInShort({
  subject,
  arguments: value,
}: Pick<ToolCallFieldsFragment, 'subject' | 'arguments'>): string {
  return [subject, argumentsInShort(subject ? withoutIds(value) : value)].filter(Boolean).join(', ')
}

function argumentsInShort(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value) ?? ''
  return Object.values(value)
    .filter((it) => it !== null && it !== '')
    .map((it) => (typeof it === 'object' ? '…' : String(it)))
    .join(', ')
}

/** Ids of ours, which say nothing to a person when there is a name for what they stand for. */
const ids = ['task_id', 'conversation_id']

export function withoutIds(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => !ids.includes(name)))
}

export const isEmpty = (value: unknown) =>
  value !== null && typeof value === 'object' && Object.keys(value).length === 0

/** `812 B`, `14 kB`, `3.1 MB`. */
export function sizeInWords(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}
