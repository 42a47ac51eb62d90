import type { ActionFunctionArgs, LoaderFunctionArgs } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { apiFor } from '~/api.server.ts'
import { PageHeader } from '~/components/page-header.tsx'
import { titled } from '~/language.tsx'
import { changeAccount, hasPassword, sessionsOf } from './account.server.ts'
import { Account } from './account.tsx'
import { ApiKeys } from './api-keys.tsx'
import { Appearance } from './appearance.tsx'
import { DeleteAccount } from './delete-account.tsx'
import { Models } from './models.tsx'
import { Moving } from './moving.tsx'
import { SettingsPage } from './queries.ts'
import { Sessions } from './sessions.tsx'
import { ToolServerList } from './tool-servers.tsx'

export const meta = titled('settings')

export async function loader(args: LoaderFunctionArgs) {
  const read = [apiFor(args)(SettingsPage, {}), sessionsOf(args), hasPassword(args)] as const
  const [settings, sessions, hasOne] = await Promise.all(read)
  return { ...settings, sessions, hasPassword: hasOne }
}

export const action = (args: ActionFunctionArgs) => changeAccount(args)

const sections = [
  ['account', 'account'],
  ['sessions', 'sessions'],
  ['appearance', 'appearance'],
  ['models', 'model'],
  ['api-keys', 'keys'],
  ['tool-servers', 'servers'],
  ['moving', 'moving'],
  ['delete-account', 'deleteAccount'],
] as const

export default function Settings() {
  const t = useTranslations('settings')
  const words = useTranslations()
  const { viewer, sessions, toolServers, hasPassword } = useLoaderData<typeof loader>()
  return (
    <div className="flex h-full flex-col">
      <PageHeader title={t('settings')} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto grid w-full max-w-5xl gap-x-12 px-4 py-8 pb-[max(2.5rem,env(safe-area-inset-bottom))] sm:px-8 sm:py-10 lg:grid-cols-[11rem_minmax(0,1fr)]">
          <nav aria-label={t('settings')} className="hidden lg:block">
            <ul className="sticky top-10 space-y-0.5">
              {sections.map(([id, title]) => (
                <li key={id}>
                  <a
                    href={`#${id}`}
                    className="flex min-h-9 items-center rounded-lg px-2.5 text-sm text-muted hover:bg-hover hover:text-ink"
                  >
                    {title === 'moving' ? words('moving.moving') : t(title)}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <div className="min-w-0 space-y-12">
            <Account viewer={viewer} hasPassword={hasPassword} />
            <Sessions sessions={sessions} />
            <Appearance />
            <Models />
            <ApiKeys read={viewer.apiKeys ?? []} />
            <ToolServerList read={toolServers ?? []} />
            <Moving />
            <DeleteAccount viewer={viewer} hasPassword={hasPassword} />
          </div>
        </div>
      </div>
    </div>
  )
}
