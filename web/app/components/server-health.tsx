import { useTranslations } from 'use-intl'
import type { ToolServerFieldsFragment } from '../../../schema/generated/graphql.ts'
import { cn } from './class-names.ts'

type Status = ToolServerFieldsFragment['status']

const looks: Record<Status, { words: 'connected' | 'connecting' | 'unavailable'; dot: string }> = {
  CONNECTED: { words: 'connected', dot: 'bg-link' },
  CONNECTING: { words: 'connecting', dot: 'bg-warn motion-safe:animate-pulse' },
  UNAVAILABLE: { words: 'unavailable', dot: 'bg-danger' },
}

/** How a tool server is: a dot, and the same in words. */
export function ServerHealth({ status }: { status: Status }) {
  const t = useTranslations('settings')
  const { words, dot } = looks[status]
  return (
    <span className="flex shrink-0 items-center gap-2 text-sm text-muted">
      <span className={cn('size-2 rounded-full', dot)} aria-hidden="true" />
      {t(words)}
    </span>
  )
}
