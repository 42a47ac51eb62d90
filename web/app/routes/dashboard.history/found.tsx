import { Link } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { query as ask } from '~/api.ts'
import { MoreButton } from '~/components/more-button.tsx'
import { useShownTitle } from '~/components/shown-title.ts'
import { When } from '~/components/when.tsx'
import { usePages } from '~/use-pages.ts'
import type { ConversationFilter, SearchHistoryQuery } from '../../../../schema/generated/graphql.ts'
import { SearchHistory } from './queries.ts'

type Page = NonNullable<SearchHistoryQuery['searchMessages']>
type FoundProps = { read: Page; query: string; filter: ConversationFilter; pageSize: number }

/** The messages that match, best first; each leads to its place in the conversation. */
export function Found({ read, query, filter, pageSize }: FoundProps) {
  const { edges, ...pages } = usePages(read, async (after) => {
    const { searchMessages } = await ask(SearchHistory, { ...filter, query, first: pageSize, after })
    return searchMessages
  })
  const t = useTranslations('history')
  const count = edges.length
  const isEverywhere = Object.values(filter).every((it) => it === null)
  return (
    <section aria-labelledby="found-heading" className="mt-6">
      <h2 id="found-heading" className="sr-only">
        {t('found')}
      </h2>
      <p role="status" className="mb-3 text-sm text-muted">
        {count === 0 ? t('nothingFound') : pages.more ? t('foundAtLeast', { count }) : t('foundCount', { count })}
      </p>
      {edges.length === 0 ? (
        <div className="space-y-3 rounded-2xl border border-dashed border-line px-6 py-10 text-center text-sm leading-relaxed text-muted">
          {!isEverywhere && (
            <p>
              <Link
                to={`?${new URLSearchParams({ q: query, shown: 'all' })}`}
                className="text-link underline underline-offset-4"
              >
                {t('everywhere')}
              </Link>
            </p>
          )}
          <p>{t('howTo')}</p>
        </div>
      ) : (
        <ul className="divide-y divide-line overflow-hidden rounded-2xl border border-line bg-raised shadow-card">
          {edges.map(({ node, snippet }) => (
            <Hit key={node.id} message={node} snippet={snippet} />
          ))}
        </ul>
      )}
      <MoreButton {...pages} />
    </section>
  )
}

type HitProps = { message: Page['edges'][number]['node']; snippet: string }

function Hit({ message: { id, role, createdAt, conversation }, snippet }: HitProps) {
  const t = useTranslations('history')
  const titled = useShownTitle()
  return (
    <li>
      <Link
        to={`/dashboard/chat/${conversation.id}#${id}`}
        className="block px-4 py-3 -outline-offset-2 hover:bg-hover"
        data-found={id}
      >
        <span className="flex items-baseline gap-3">
          <span className="min-w-0 flex-1 truncate text-[0.9375rem] font-medium" dir="auto">
            {titled(conversation.title)}
          </span>
          <When at={createdAt} className="shrink-0 text-xs text-muted" />
        </span>
        <span className="mt-0.5 line-clamp-3 text-sm leading-relaxed text-muted wrap-anywhere" dir="auto">
          {role === 'USER' ? t('you') : ''}
          <Marked text={snippet.replace(/\*\*|__|`+/g, '')} />
        </span>
        {conversation.archivedAt && <span className="mt-1 block text-xs text-muted">{t('archived')}</span>}
      </Link>
    </li>
  )
}

/** What matched stands between two characters that mean nothing else. */
function Marked({ text }: { text: string }) {
  return text.split(/(\u{e000}[^\u{e001}]*\u{e001})/u).map((piece, at) =>
    piece.startsWith('\u{e000}') ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text keep their places
      <mark key={at} className="rounded-sm bg-accent-soft px-0.5 font-medium text-ink">
        {piece.slice(1, -1)}
      </mark>
    ) : (
      piece
    ),
  )
}
