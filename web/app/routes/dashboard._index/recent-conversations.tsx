import { Link } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { useFrame } from '~/components/frame-context.ts'
import { ChatIcon } from '~/components/icons.tsx'
import { useShownTitle } from '~/components/shown-title.ts'
import { When } from '~/components/when.tsx'

const shown = 6

/** The newest conversations, as in the sidebar, with when something was said last. */
export function RecentConversations() {
  const { conversations } = useFrame()
  const t = useTranslations('tasks')
  const titled = useShownTitle()
  return (
    <section aria-labelledby="recent-heading" className="min-w-0 space-y-4">
      <h2 id="recent-heading" className="text-lg font-semibold tracking-tight">
        {t('recent')}
      </h2>
      {conversations.length === 0 ? (
        <div className="rounded-2xl border border-dashed border-line px-6 py-10 text-center">
          <span className="mx-auto grid size-11 place-items-center rounded-xl border border-accent-line bg-accent-soft">
            <ChatIcon />
          </span>
          <p className="mt-4 font-medium">{t('noConversations')}</p>
          <p className="mx-auto mt-1 max-w-xs text-sm leading-relaxed text-muted">
            {t.rich('startOne', {
              link: (words) => (
                <Link to="/dashboard/chat" className="text-link underline underline-offset-4">
                  {words}
                </Link>
              ),
            })}
          </p>
        </div>
      ) : (
        <ul className="divide-y divide-line overflow-hidden rounded-2xl border border-line bg-raised shadow-card">
          {conversations.slice(0, shown).map(({ id, title, updatedAt, activeRun }) => (
            <li key={id}>
              <Link
                to={`/dashboard/chat/${id}`}
                className="flex min-h-13 items-center gap-3 px-4 py-2.5 -outline-offset-2 hover:bg-hover"
              >
                <ChatIcon className="size-4.5 shrink-0 text-muted" />
                <span className="min-w-0 flex-1 truncate text-[0.9375rem]" dir="auto">
                  {titled(title)}
                </span>
                {activeRun ? (
                  <span className="shrink-0 text-xs text-link">{t('answering')}</span>
                ) : (
                  <When at={updatedAt} className="shrink-0 text-xs text-muted" />
                )}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
