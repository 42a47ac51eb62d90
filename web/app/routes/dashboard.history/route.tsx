import type { LoaderFunctionArgs } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { apiFor } from '~/api.server.ts'
import { zoneOf } from '~/clock.tsx'
import { PageHeader } from '~/components/page-header.tsx'
import { titled } from '~/language.tsx'
import { Conversations } from './conversations.tsx'
import { filterFor, wantedBy } from './filter.ts'
import { Found } from './found.tsx'
import { HistoryList, SearchHistory } from './queries.ts'
import { SearchForm } from './search-form.tsx'

const pageSize = 30

export const meta = titled('history')

export async function loader(args: LoaderFunctionArgs) {
  const wanted = wantedBy(new URL(args.request.url).searchParams)
  const filter = filterFor(wanted, zoneOf(args.request.headers.get('cookie') ?? ''))
  const ask = apiFor(args)
  if (wanted.query === '') {
    const { conversations } = await ask(HistoryList, { first: pageSize, filter })
    return { wanted, filter, conversations, found: null }
  }
  const { searchMessages } = await ask(SearchHistory, { ...filter, query: wanted.query, first: pageSize })
  return { wanted, filter, conversations: null, found: searchMessages }
}

export default function History() {
  const t = useTranslations('frame')
  const { wanted, filter, conversations, found } = useLoaderData<typeof loader>()
  return (
    <div className="flex h-full flex-col">
      <PageHeader title={t('history')} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto w-full max-w-3xl px-4 py-6 pb-[max(5rem,env(safe-area-inset-bottom))] sm:px-8 sm:py-8">
          <SearchForm wanted={wanted} />
          {found && (
            <Found
              key={JSON.stringify([wanted.query, filter])}
              read={found}
              query={wanted.query}
              filter={filter}
              pageSize={pageSize}
            />
          )}
          {conversations && (
            <Conversations
              key={JSON.stringify(filter)}
              read={conversations}
              filter={filter}
              shown={wanted.shown}
              pageSize={pageSize}
            />
          )}
        </div>
      </div>
    </div>
  )
}
