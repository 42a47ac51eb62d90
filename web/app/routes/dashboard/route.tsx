import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { isRouteErrorResponse, Outlet, useLoaderData, useLocation, useRouteError } from '@remix-run/react'
import { useEffect, useMemo, useState } from 'react'
import { Provider } from 'urql'
import { useTranslations } from 'use-intl'
import { apiFor } from '~/api.server.ts'
import { client, query, useSignedOut } from '~/api.ts'
import { ErrorPage } from '~/components/error-page.tsx'
import { FrameContext, type Frame as FrameValue } from '~/components/frame-context.ts'
import { useViewerEvents } from '~/events.ts'
import { useKeptFocus } from '~/use-kept-focus.ts'
import { useRevalidation } from '~/use-revalidation.ts'
import { useConversationList } from './conversation-list.ts'
import { PageLoading } from './page-loading.tsx'
import { Frame, MoreConversations } from './queries.ts'
import { Sheet } from './sheet.tsx'
import { Shortcuts } from './shortcuts.tsx'
import { Sidebar } from './sidebar.tsx'
import { SignedOutNotice } from './signed-out-notice.tsx'
import { useRemoval } from './use-removal.tsx'
import { useVisibleHeight } from './use-visible-height.ts'

const pageSize = 30

export const meta: MetaFunction = () => [{ title: 'Parley' }]

export async function loader(args: LoaderFunctionArgs) {
  return apiFor(args)(Frame, { first: pageSize })
}

export default function DashboardLayout() {
  const t = useTranslations('frame')
  const { viewer, models, conversations: newest } = useLoaderData<typeof loader>()
  const older = useOlder(newest?.pageInfo)
  const read = useMemo(() => [...(newest?.edges ?? []), ...older.edges].map(({ node }) => node), [newest, older.edges])
  const { conversations: known, note, forget, latest: told } = useConversationList(read)
  const { removing, remove, notice } = useRemoval({ note, forget })
  const [sheetOpen, setSheetOpen] = useState(false)
  const [shortcuts, setShortcuts] = useState(false)
  const revalidate = useRevalidation()

  useViewerEvents({
    event(event) {
      if (event.__typename !== 'ConversationChanged') return
      if (event.conversation) note(event.conversation)
      else forget(event.conversationId)
    },
    // Hints are not kept for who was away. The very first time there is nothing to catch up with unless somebody is at work.
    opened: (first) => {
      if (!first || known.some(({ activeRun }) => activeRun)) revalidate()
    },
  })
  useVisibleHeight()
  useKeptFocus()
  const signedOut = useSignedOut()
  const { pathname } = useLocation()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the sheet closes when another page comes
  useEffect(() => setSheetOpen(false), [pathname])

  const conversations = useMemo(() => known.filter(({ id }) => id !== removing), [known, removing])
  const frame = useMemo<FrameValue>(
    () => ({
      ...{ viewer, models: models ?? [], conversations, note, forget, remove },
      showShortcuts: () => setShortcuts(true),
      latest: (it) => (it.id === removing ? null : told(it)),
      openSidebar: () => setSheetOpen(true),
    }),
    [viewer, models, conversations, note, forget, remove, told, removing],
  )
  const sidebar = <Sidebar more={older.more} />
  return (
    <Provider value={client}>
      <FrameContext.Provider value={frame}>
        <a
          href="#page"
          className="absolute top-2 start-2 z-50 -translate-y-20 rounded-lg bg-accent px-4 py-2 font-medium text-accent-ink focus:translate-y-0"
        >
          {t('skip')}
        </a>
        <div className="flex h-[var(--visible-height,100dvh)] overflow-hidden">
          <aside className="hidden w-72 shrink-0 border-e border-line bg-surface lg:block" aria-label={t('sidebar')}>
            {sidebar}
          </aside>
          <Sheet open={sheetOpen} onOpenChange={setSheetOpen}>
            {sidebar}
          </Sheet>
          <main id="page" tabIndex={-1} className="relative flex min-w-0 flex-1 flex-col outline-none">
            <PageLoading />
            {signedOut && <SignedOutNotice />}
            <div className="min-h-0 flex-1">
              <Outlet />
            </div>
            {notice}
            <Shortcuts open={shortcuts} onOpenChange={setShortcuts} />
          </main>
        </div>
      </FrameContext.Provider>
    </Provider>
  )
}

type PageInfo = { hasNextPage: boolean; endCursor: string | null }

/** Conversations behind the first page, read when asked for. */
function useOlder(first: PageInfo | undefined) {
  const [edges, setEdges] = useState<{ node: FrameValue['conversations'][number] }[]>([])
  const [last, setLast] = useState<PageInfo | null>(null)
  const { hasNextPage, endCursor } = last ?? first ?? { hasNextPage: false, endCursor: null }
  const more = async () => {
    const page = (await query(MoreConversations, { first: pageSize, after: endCursor ?? '' })).conversations
    if (!page) return
    setEdges((before) => [...before, ...page.edges])
    setLast(page.pageInfo)
  }
  return { edges, more: hasNextPage ? more : null }
}

export function ErrorBoundary() {
  const error = useRouteError()
  return <ErrorPage status={isRouteErrorResponse(error) ? error.status : 500} />
}
