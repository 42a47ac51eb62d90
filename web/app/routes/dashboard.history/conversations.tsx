import { Link } from '@remix-run/react'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { query } from '~/api.ts'
import { type ListedConversation, useFrame } from '~/components/frame-context.ts'
import { ArchiveIcon, ChatIcon, PinIcon } from '~/components/icons.tsx'
import { MoreButton } from '~/components/more-button.tsx'
import { Notice } from '~/components/notice.tsx'
import { useShownTitle } from '~/components/shown-title.ts'
import { When } from '~/components/when.tsx'
import { ConversationMenu } from '~/routes/dashboard/conversation-menu.tsx'
import { usePages } from '~/use-pages.ts'
import type { ConversationFilter, HistoryListQuery } from '../../../../schema/generated/graphql.ts'
import { belongs, type Shown } from './filter.ts'
import { HistoryList } from './queries.ts'

type ConversationsProps = {
  read: NonNullable<HistoryListQuery['conversations']>
  filter: ConversationFilter
  shown: Shown
  pageSize: number
}

/** All conversations that fit, as they are by now. */
export function Conversations({ read, filter, shown, pageSize }: ConversationsProps) {
  const { latest } = useFrame()
  const t = useTranslations('history')
  const [failure, setFailure] = useState<string | null>(null)
  const { edges, ...pages } = usePages(read, async (after) => {
    const { conversations } = await query(HistoryList, { first: pageSize, after, filter })
    return conversations
  })
  const listed = edges.flatMap(({ node }) => latest(node) ?? []).filter((it) => belongs(it, shown))
  if (listed.length === 0 && !pages.more)
    return <Nothing shown={shown} dated={Boolean(filter.updatedAfter || filter.updatedBefore)} />
  return (
    <section aria-labelledby="conversations-heading" className="mt-6">
      <h2 id="conversations-heading" className="sr-only">
        {t('conversations')}
      </h2>
      {failure && (
        <Notice urgent className="mb-4">
          {failure}
        </Notice>
      )}
      <ul className="divide-y divide-line overflow-hidden rounded-2xl border border-line bg-raised shadow-card">
        {listed.map((it) => (
          <Item key={it.id} conversation={it} onFailure={setFailure} />
        ))}
      </ul>
      <MoreButton {...pages} />
    </section>
  )
}

type ItemProps = { conversation: ListedConversation; onFailure: (sentence: string) => void }

function Item({ conversation, onFailure }: ItemProps) {
  const t = useTranslations('history')
  const titled = useShownTitle()
  const { id, title, updatedAt, pinnedAt, archivedAt, activeRun } = conversation
  return (
    <li className="flex items-center pe-2 hover:bg-hover" data-conversation={id}>
      <Link
        to={`/dashboard/chat/${id}`}
        className="flex min-h-13 min-w-0 flex-1 items-center gap-3 py-2.5 ps-4 pe-3 -outline-offset-2"
      >
        {archivedAt ? (
          <ArchiveIcon className="size-4.5 shrink-0 text-muted" />
        ) : (
          <ChatIcon className="size-4.5 shrink-0 text-muted" />
        )}
        <span className="min-w-0 flex-1 truncate text-[0.9375rem]" dir="auto">
          {titled(title)}
        </span>
        {archivedAt && <span className="sr-only">{t('isArchived')}</span>}
        {pinnedAt && (
          <>
            <PinIcon className="size-4 shrink-0 text-link" />
            <span className="sr-only">{t('isPinned')}</span>
          </>
        )}
        {activeRun ? (
          <span className="shrink-0 text-xs text-link">{t('answering')}</span>
        ) : (
          <When at={updatedAt} className="shrink-0 text-xs text-muted" />
        )}
      </Link>
      <ConversationMenu conversation={conversation} onFailure={onFailure} />
    </li>
  )
}

function Nothing({ shown, dated }: { shown: Shown; dated: boolean }) {
  const t = useTranslations('history')
  return (
    <p className="mt-6 rounded-2xl border border-dashed border-line px-6 py-10 text-center text-sm leading-relaxed text-muted">
      {t(dated ? 'nothingFits' : shown === 'archived' ? 'nothingArchived' : 'nothing')}
    </p>
  )
}
