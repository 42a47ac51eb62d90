import { useCallback, useMemo, useState } from 'react'
import type { ListedConversation } from '~/components/frame-context.ts'

/**
 * The list as it was read, with what was told since: of two versions of a conversation the newer one counts, and one that is
 * gone stays gone.
 */
export function useConversationList(read: readonly ListedConversation[]) {
  const [told, setTold] = useState<Told>(new Map())
  const note = useCallback((it: ListedConversation) => setTold((before) => noted(before, it)), [])
  const forget = useCallback((id: string) => setTold((before) => new Map(before).set(id, null)), [])
  const conversations = useMemo(() => combine(read, told), [read, told])
  const latest = useCallback((it: ListedConversation) => newer(it, told.get(it.id)), [told])
  return { conversations, note, forget, latest }
}

type Told = ReadonlyMap<string, ListedConversation | null>

/** The answer to a request may come later than an event that tells of what happened next: the younger one stays. */
export function noted(told: Told, it: ListedConversation): Told {
  const known = told.get(it.id)
  return known && known.updatedAt > it.updatedAt ? told : new Map(told).set(it.id, it)
}

/** What was told counts, unless what was read is younger. */
const newer = (read: ListedConversation, told: ListedConversation | null | undefined) =>
  told === undefined || (told && told.updatedAt < read.updatedAt) ? read : told

function combine(read: readonly ListedConversation[], told: Told) {
  const all = new Map<string, ListedConversation | null>(read.map((it) => [it.id, it]))
  for (const [id, it] of told) {
    const other = all.get(id)
    all.set(id, other ? newer(other, it) : it)
  }
  return [...all.values()].flatMap((it) => (it && !it.archivedAt ? [it] : [])).sort(byActivity)
}

function byActivity(a: ListedConversation, b: ListedConversation): number {
  const pinned = Number(b.pinnedAt !== null) - Number(a.pinnedAt !== null)
  return pinned || b.updatedAt.localeCompare(a.updatedAt)
}
