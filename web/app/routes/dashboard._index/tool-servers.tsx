import { Link } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { ServerHealth } from '~/components/server-health.tsx'
import type { TaskPageQuery } from '../../../../schema/generated/graphql.ts'

type ToolServersProps = { servers: NonNullable<TaskPageQuery['toolServers']> }

/** How the servers are that the assistant's tools come from, as they were when the page was read. */
export function ToolServers({ servers }: ToolServersProps) {
  const t = useTranslations()
  return (
    <section aria-labelledby="servers-heading" className="min-w-0 space-y-4">
      <h2 id="servers-heading" className="text-lg font-semibold tracking-tight">
        {t('tasks.servers')}
      </h2>
      <div className="overflow-hidden rounded-2xl border border-line bg-raised shadow-card">
        {servers.length === 0 && <p className="px-4 py-3 text-sm text-muted">{t('settings.noServers')}</p>}
        <ul className="divide-y divide-line">
          {servers.map(({ name, status, error }) => (
            <li key={name} className="px-4 py-2.5" data-server={name}>
              <p className="flex items-center justify-between gap-3">
                <span className="min-w-0 truncate text-[0.9375rem]">{name}</span>
                <ServerHealth status={status} />
              </p>
              {error && <p className="mt-0.5 text-sm text-danger wrap-anywhere">{error}</p>}
            </li>
          ))}
        </ul>
        <Link
          to="/dashboard/settings#tool-servers"
          className="block border-t border-line px-4 py-2.5 text-sm text-link -outline-offset-2 hover:bg-hover"
        >
          {t('tasks.serversAll')}
        </Link>
      </div>
    </section>
  )
}
