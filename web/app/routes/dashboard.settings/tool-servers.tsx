import { useQuery } from 'urql'
import { useTranslations } from 'use-intl'
import { failureOf } from '~/api.ts'
import { Button } from '~/components/button.tsx'
import { cn } from '~/components/class-names.ts'
import { ChevronDownIcon, RefreshIcon } from '~/components/icons.tsx'
import { Notice } from '~/components/notice.tsx'
import { ServerHealth } from '~/components/server-health.tsx'
import { useToolTitle } from '~/components/tool-words.ts'
import type { ToolServerFieldsFragment } from '../../../../schema/generated/graphql.ts'
import { ToolServers } from './queries.ts'
import { listStyle, Section } from './section.tsx'

type Server = ToolServerFieldsFragment
type Tool = Server['tools'][number]

/** Where the assistant's tools come from, and how they are. */
export function ToolServerList({ read }: { read: Server[] }) {
  const [{ data, fetching, error }, look] = useQuery({ query: ToolServers, pause: true })
  const servers = data?.toolServers ?? read
  const t = useTranslations('settings')
  return (
    <Section
      id="tool-servers"
      title={t('servers')}
      lead={t('serversLead')}
      action={
        <Button size="small" disabled={fetching} onClick={() => look({ requestPolicy: 'network-only' })}>
          <RefreshIcon className={cn('size-4', fetching && 'motion-safe:animate-spin')} />
          {t('lookAgain')}
        </Button>
      }
    >
      {error && <Notice urgent>{failureOf(error).message}</Notice>}
      {servers.length === 0 && <Notice tone="calm">{t('noServers')}</Notice>}
      <ul className={cn(listStyle, 'empty:hidden')}>
        {servers.map((server) => (
          <ServerItem key={server.name} server={server} />
        ))}
      </ul>
    </Section>
  )
}

function ServerItem({ server: { name, status, error, tools } }: { server: Server }) {
  const t = useTranslations('settings')
  return (
    <li data-server={name} data-status={status}>
      <details className="group/server">
        <summary className="flex min-h-14 list-none items-center gap-3 px-4 py-2.5 -outline-offset-2 hover:bg-hover">
          <span className="min-w-0 flex-1">
            <span className="block truncate text-[0.9375rem] font-medium">{name}</span>
            <span className="block text-sm text-muted">{t('toolCount', { count: tools.length })}</span>
          </span>
          <ServerHealth status={status} />
          <ChevronDownIcon className="size-4 shrink-0 text-muted group-open/server:rotate-180 motion-safe:transition-transform" />
        </summary>
        <ul className="space-y-4 border-t border-line bg-surface px-4 py-4">
          {tools.map((tool) => (
            <ToolItem key={tool.name} tool={tool} />
          ))}
          {tools.length === 0 && <li className="text-sm text-muted">{t('noTools')}</li>}
        </ul>
      </details>
      {error && (
        <p className="border-t border-danger-line bg-danger-soft px-4 py-2 text-sm text-danger wrap-anywhere">
          {error}
        </p>
      )}
    </li>
  )
}

function ToolItem({ tool }: { tool: Tool }) {
  const t = useTranslations('settings')
  return (
    <li className="min-w-0">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-medium wrap-anywhere">{useToolTitle()(tool)}</span>
        <code className="font-mono text-xs text-muted wrap-anywhere">{tool.name}</code>
        {tool.readOnly && <Mark>{t('onlyReads')}</Mark>}
        {/* What only reads can be repeated anyway. */}
        {tool.idempotent && !tool.readOnly && <Mark>{t('mayRepeat')}</Mark>}
        {tool.destructive && <Mark tone="warn">{t('mayDestroy')}</Mark>}
        {tool.needsApproval && <Mark tone="warn">{t('asksFirst')}</Mark>}
      </p>
      {tool.description && <p className="mt-0.5 text-sm leading-relaxed text-muted">{tool.description}</p>}
    </li>
  )
}

function Mark({ children, tone }: { children: string; tone?: 'warn' }) {
  const style = tone === 'warn' ? 'border-warn-line bg-warn-soft text-warn' : 'border-line bg-raised text-muted'
  return <span className={cn('rounded-full border px-2 py-0.5 text-xs', style)}>{children}</span>
}
