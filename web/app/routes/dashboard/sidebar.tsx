import { Link, NavLink } from '@remix-run/react'
import { Fragment, type ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import { type Clock, dayOf, daysBetween, useClock } from '~/clock.tsx'
import { Button, buttonStyle } from '~/components/button.tsx'
import { cn } from '~/components/class-names.ts'
import { type ListedConversation, useFrame } from '~/components/frame-context.ts'
import { HomeIcon, PlusIcon, SearchIcon } from '~/components/icons.tsx'
import { Logo } from '~/components/logo.tsx'
import { useShownTitle } from '~/components/shown-title.ts'
import { ConversationMenu } from './conversation-menu.tsx'
import { UserMenu } from './user-menu.tsx'

/** Where one can go: new chat, the dashboard, the conversations by day, one's own account. */
export function Sidebar({ more }: { more: (() => Promise<void>) | null }) {
  const t = useTranslations('frame')
  return (
    <div className="flex h-full flex-col">
      <div className="px-5 pt-4 pb-4">
        <Link to="/dashboard" className="inline-flex rounded-lg">
          <Logo />
        </Link>
      </div>
      <div className="space-y-1 px-3">
        <Link
          to="/dashboard/chat"
          data-home=""
          className={buttonStyle({ look: 'outline', className: 'mb-3 w-full justify-start gap-3 px-2' })}
        >
          <span className="grid size-7 place-items-center rounded-lg bg-accent text-accent-ink">
            <PlusIcon className="size-4.5" strokeWidth="2.25" />
          </span>
          {t('newChat')}
        </Link>
        <nav aria-label={t('pages')}>
          <SidebarLink to="/dashboard" end>
            <HomeIcon className="size-5 text-muted" />
            {t('dashboard')}
          </SidebarLink>
          <SidebarLink to="/dashboard/history">
            <SearchIcon className="size-5 text-muted" />
            {t('history')}
          </SidebarLink>
        </nav>
      </div>
      <nav aria-label={t('conversations')} className="mt-4 min-h-0 flex-1 overflow-y-auto px-3 pb-4">
        <Conversations />
        {more && (
          <Button look="quiet" size="small" className="mt-2 w-full" onClick={() => void more().catch(() => {})}>
            {t('older')}
          </Button>
        )}
      </nav>
      <div className="border-t border-line p-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
        <UserMenu />
      </div>
    </div>
  )
}

function SidebarLink({ to, end, children }: { to: string; end?: boolean; children: ReactNode }) {
  return (
    <NavLink
      to={to}
      end={end}
      className={({ isActive }) =>
        cn(
          'flex min-h-10 items-center gap-3 rounded-lg px-2.5 text-[0.9375rem] hover:bg-hover',
          isActive && 'bg-hover font-medium',
        )
      }
    >
      {children}
    </NavLink>
  )
}

function Conversations() {
  const { conversations } = useFrame()
  const clock = useClock()
  const t = useTranslations('frame')
  if (conversations.length === 0) return <p className="px-2.5 text-sm leading-relaxed text-muted">{t('nothing')}</p>
  return byDay(conversations, clock).map(([heading, group]) => (
    <Fragment key={heading}>
      <h2 className="mt-4 mb-1 px-2.5 text-xs font-medium text-muted first:mt-0">{t(heading)}</h2>
      <ul className="space-y-0.5">
        {group.map((conversation) => (
          <ConversationItem key={conversation.id} conversation={conversation} />
        ))}
      </ul>
    </Fragment>
  ))
}

function ConversationItem({ conversation }: { conversation: ListedConversation }) {
  const t = useTranslations('frame')
  const titled = useShownTitle()
  return (
    <li className="group relative">
      <NavLink
        to={`/dashboard/chat/${conversation.id}`}
        title={conversation.title}
        className={({ isActive }) =>
          cn(
            'flex min-h-9 items-center rounded-lg py-1.5 ps-2.5 pe-10 text-sm hover:bg-hover',
            isActive && 'bg-hover font-medium',
          )
        }
      >
        <span className="truncate" dir="auto">
          {titled(conversation.title)}
        </span>
        {conversation.activeRun && (
          <>
            <span className="ms-2 size-1.5 shrink-0 rounded-full bg-link motion-safe:animate-pulse" />
            <span className="sr-only"> {t('answering')}</span>
          </>
        )}
      </NavLink>
      <ConversationMenu
        conversation={conversation}
        className="absolute top-0.5 end-1 opacity-0 group-hover:opacity-100 focus-visible:opacity-100 data-[state=open]:opacity-100 pointer-coarse:opacity-100"
      />
    </li>
  )
}

function byDay(conversations: readonly ListedConversation[], { now, zone }: Clock): [Heading, ListedConversation[]][] {
  const today = dayOf(now, zone)
  return [...Map.groupBy(conversations, (it) => headingOf(it, today, zone))]
}

type Heading = 'pinned' | 'today' | 'yesterday' | 'lastDays' | 'before'

function headingOf({ pinnedAt, updatedAt }: ListedConversation, today: string, zone: string): Heading {
  if (pinnedAt) return 'pinned'
  const days = daysBetween(dayOf(updatedAt, zone), today)
  if (days <= 0) return 'today'
  if (days === 1) return 'yesterday'
  return days < 8 ? 'lastDays' : 'before'
}
