import { useCallback, useMemo, useState } from 'react'
import type { ListedConversation } from '~/components/frame-context.ts'

/**
 * The list as it was read, with what was told since: of two versions of a conversation the newer one counts, and one that is
 * gone stays gone.
 */
export function useConversationList(read: readonly ListedConversation[]) {
  const [told, setTold] = useState<ReadonlyMap<string, ListedConversation | null>>(new Map())
  const note = useCallback((it: ListedConversation) => setTold((before) => new Map(before).set(it.id, it)), [])
  const forget = useCallback((id: string) => setTold((before) => new Map(before).set(id, null)), [])
  const conversations = useMemo(() => combine(read, told), [read, told])
  return { conversations, note, forget }
}

function combine(read: readonly ListedConversation[], told: ReadonlyMap<string, ListedConversation | null>) {
  const all = new Map<string, ListedConversation | null>(read.map((it) => [it.id, it]))
  for (const [id, it] of told) {
    const other = all.get(id)
    if (it === null || !other || it.updatedAt >= other.updatedAt) all.set(id, it)
  }
  return [...all.values()].flatMap((it) => (it && !it.archivedAt ? [it] : [])).sort(byActivity)
}

function byActivity(a: ListedConversation, b: ListedConversation): number {
  const pinned = Number(b.pinnedAt !== null) - Number(a.pinnedAt !== null)
  return pinned || b.updatedAt.localeCompare(a.updatedAt)
}
