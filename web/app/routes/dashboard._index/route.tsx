import type { LoaderFunctionArgs } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { apiFor } from '~/api.server.ts'
import { dayOf, daysBetween, useClock } from '~/clock.tsx'
import { buttonStyle } from '~/components/button.tsx'
import { ConnectionChip } from '~/components/connection-chip.tsx'
import { useFrame } from '~/components/frame-context.ts'
import { ChatIcon } from '~/components/icons.tsx'
import { PageHeader } from '~/components/page-header.tsx'
import { titled } from '~/language.tsx'
import { TaskPage } from './queries.ts'
import { RecentConversations } from './recent-conversations.tsx'
import { Tasks } from './tasks.tsx'
import { ToolServers } from './tool-servers.tsx'
import { useTasks } from './use-tasks.ts'

export const meta = titled('dashboard')

export async function loader(args: LoaderFunctionArgs) {
  return apiFor(args)(TaskPage, {})
}

export default function Dashboard() {
  const { viewer } = useFrame()
  const t = useTranslations()
  const read = useLoaderData<typeof loader>()
  const tasks = useTasks(read)
  const clock = useClock()
  const today = dayOf(clock.now, clock.zone)
  return (
    <div className="flex h-full flex-col">
      <PageHeader title={t('frame.dashboard')}>
        <ConnectionChip />
      </PageHeader>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto w-full max-w-5xl px-4 py-8 pb-[max(2.5rem,env(safe-area-inset-bottom))] sm:px-8 sm:py-10">
          <div className="flex flex-wrap items-end justify-between gap-4">
            <div>
              <h2 className="text-3xl font-semibold tracking-tight text-balance wrap-anywhere">
                {t.rich('tasks.hello', { name: () => <bdi>{viewer.name}</bdi> })}
              </h2>
              <p className="mt-1.5 text-muted">
                <Summary open={tasks.open} today={today} />
              </p>
            </div>
            <Link to="/dashboard/chat" className={buttonStyle({ look: 'outline' })}>
              <ChatIcon className="text-muted" />
              {t('tasks.ask')}
            </Link>
          </div>
          <div className="mt-8 grid items-start gap-8 lg:grid-cols-[minmax(0,3fr)_minmax(16rem,2fr)]">
            <Tasks tasks={tasks} today={today} />
            <div className="min-w-0 space-y-8">
              <RecentConversations />
              <ToolServers servers={read.toolServers ?? []} />
            </div>
          </div>
        </div>
      </div>
    </div>
  )
}

type SummaryProps = { open: ReturnType<typeof useTasks>['open']; today: string }

/** Where the day stands, in one sentence. What is due further down than was looked nobody knows here. */
function Summary({ open: { tasks, count, allHere }, today }: SummaryProps) {
  const t = useTranslations('tasks')
  if (count === 0) return t('nothingToDo')
  const due = tasks.filter(({ dueOn, completedAt }) => !completedAt && dueOn && daysBetween(today, dueOn) <= 0).length
  if (!allHere) return due === 0 ? t('openCount', { open: count }) : t('atLeastDue', { open: count, due })
  return due === 0 ? t('noneDue', { open: count }) : t('someDue', { open: count, due })
}
