import { startOfDay } from '~/clock.tsx'
import type { ListedConversation } from '~/components/frame-context.ts'
import type { ConversationFilter } from '../../../../schema/generated/graphql.ts'

/** What the page's address asks for. */
export type Wanted = { query: string; shown: Shown; from: string; to: string }

export const shownOptions = ['current', 'archived', 'all'] as const
export type Shown = (typeof shownOptions)[number]

const day = /^\d{4}-\d{2}-\d{2}$/

export function wantedBy(search: URLSearchParams): Wanted {
  const dayIn = (name: string) => {
    const text = search.get(name) ?? ''
    return day.test(text) && !Number.isNaN(Date.parse(text)) ? text : ''
  }
  return {
    query: (search.get('q') ?? '').trim().slice(0, 200),
    shown: shownOptions.find((it) => it === search.get('shown')) ?? 'current',
    from: dayIn('from'),
    to: dayIn('to'),
  }
}

/** The same for the API: days are those of the person. */
export function filterFor({ shown, from, to }: Wanted, zone: string): ConversationFilter {
  return {
    archived: { current: false, archived: true, all: null }[shown],
    updatedAfter: from ? startOfDay(from, zone) : null,
    updatedBefore: to ? startOfDay(to, zone, 1) : null,
  }
}

/** Whether a conversation that changed while it was listed still belongs there. */
export const belongs = ({ archivedAt }: ListedConversation, shown: Shown): boolean =>
  shown === 'all' || (archivedAt !== null) === (shown === 'archived')
