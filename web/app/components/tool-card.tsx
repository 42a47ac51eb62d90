import { type ReactNode, useState } from 'react'
import { useFormatter, useTranslations } from 'use-intl'
import type { ToolCallFieldsFragment } from '../../../schema/generated/graphql.ts'
import { Approval } from './approval.tsx'
import { cn } from './class-names.ts'
import { CheckIcon, ChevronDownIcon, CrossIcon, ToolIcon, WarningIcon } from './icons.tsx'
import { Spinner } from './spinner.tsx'
import { ToolResult } from './tool-result.tsx'
import { ToolValue } from './tool-value.tsx'
import { callInShort, isBuiltIn, isEmpty, useToolError, useToolTitle, withoutIds } from './tool-words.ts'

type ToolCall = ToolCallFieldsFragment

/** One use of a tool: what for, how it stands, what came of it. Opens to show all of it. */
export function ToolCard({ call }: { call: ToolCall }) {
  const t = useTranslations('tools')
  const title = useToolTitle()(call)
  const errorInWords = useToolError()
  const waits = call.status === 'AWAITING_APPROVAL'
  const [open, setOpen] = useState(waits)
  const [changed, setChanged] = useState(false)
  const short = !changed && callInShort(call)
  const args = call.subject ? withoutIds(call.arguments) : call.arguments
  return (
    <article
      aria-label={t('card', { title })}
      data-tool={call.name}
      data-status={call.status}
      className="overflow-hidden rounded-xl border border-line bg-raised shadow-card"
    >
      <details className="group/card" open={waits || undefined} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="flex min-h-12 list-none items-center gap-3 px-3.5 py-2 hover:bg-hover">
          <span className="grid size-7 shrink-0 place-items-center rounded-lg bg-sunken text-muted">
            <ToolIcon className="size-4" />
          </span>
          <span className="min-w-0 flex-1">
            <span className="block text-sm font-medium wrap-anywhere">{title}</span>
            {short && (
              <bdi className="block truncate text-xs text-muted" dir="auto">
                {short}
              </bdi>
            )}
          </span>
          <Status call={call} />
          <ChevronDownIcon className="size-4 shrink-0 text-muted group-open/card:rotate-180 motion-safe:transition-transform" />
        </summary>
        <div className="space-y-3 border-t border-line px-3.5 py-3">
          {call.subject && !changed && (
            <Part heading={t('about')}>
              <p className="text-sm wrap-anywhere" dir="auto">
                {call.subject}
              </p>
            </Part>
          )}
          {!changed && !(call.subject && isEmpty(args)) && (
            <Part heading={t('arguments')}>
              <ToolValue value={args} />
            </Part>
          )}
          {(call.result !== null || call.resultTruncated) && (
            <Part heading={t('result')}>
              <ToolResult call={call} open={open} />
            </Part>
          )}
          <p className="text-xs text-muted">{t(isBuiltIn(call) ? 'builtIn' : 'from', call)}</p>
        </div>
      </details>
      {call.progress && call.status === 'RUNNING' && <Progress {...call.progress} />}
      {waits && (
        <Approval
          toolCallId={call.id}
          title={title}
          subject={call.subject}
          args={call.arguments}
          onChanged={setChanged}
        />
      )}
      {call.denialReason && (
        <p className="border-t border-line px-3.5 py-2 text-sm text-muted" dir="auto">
          {call.denialReason}
        </p>
      )}
      {call.error && call.status !== 'DENIED' && (
        <p className="border-t border-danger-line bg-danger-soft px-3.5 py-2 text-sm text-danger">
          {errorInWords(call.error)}
        </p>
      )}
    </article>
  )
}

function Status({ call }: { call: ToolCall }) {
  const { status } = call
  const t = useTranslations('tools.status')
  const took = useDuration()(call)
  const bad = status === 'FAILED' || status === 'DENIED' || status === 'OUTCOME_UNKNOWN'
  return (
    <span className={cn('flex shrink-0 items-center gap-1.5 text-xs', bad ? 'text-danger' : 'text-muted')}>
      {icons[status]}
      {t(status)}
      {took && <span className="text-muted tabular-nums">· {took}</span>}
    </span>
  )
}

/**
 * How long the tool worked, in words: "1.2 s", "2 min 5 s". Null for one that is not done, never began, or came out of a file that
 * does not say. The units are words of ours: Node and the browser may abbreviate in different ways.
 */
function useDuration() {
  const t = useTranslations('tools')
  const format = useFormatter()
  return ({ startedAt, finishedAt }: ToolCall): string | null => {
    const ms = startedAt && finishedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : 0
    if (!(ms > 0)) return null
    if (ms < 9_950) return t('took', { seconds: format.number(Math.max(ms, 100) / 1000, { maximumFractionDigits: 1 }) })
    const all = Math.round(ms / 1000)
    const [minutes, seconds] = [format.number(Math.floor(all / 60)), format.number(all % 60)]
    return all < 60 ? t('took', { seconds }) : t('tookMinutes', { minutes, seconds })
  }
}

const icons: Record<ToolCall['status'], ReactNode> = {
  PENDING: <Spinner />,
  RUNNING: <Spinner />,
  AWAITING_APPROVAL: <WarningIcon className="size-4" />,
  SUCCEEDED: <CheckIcon className="size-4 text-link" strokeWidth="2.25" />,
  FAILED: <WarningIcon className="size-4" />,
  DENIED: <CrossIcon className="size-4" />,
  CANCELLED: <CrossIcon className="size-4" />,
  OUTCOME_UNKNOWN: <WarningIcon className="size-4" />,
}

function Progress({ progress, total, message }: NonNullable<ToolCall['progress']>) {
  const t = useTranslations('tools')
  return (
    <div className="border-t border-line px-3.5 py-2">
      <progress
        className="block h-1.5 w-full accent-link"
        value={progress}
        max={total ?? undefined}
        aria-label={t('progress')}
      />
      {message && <p className="mt-1 text-xs text-muted">{message}</p>}
    </div>
  )
}

function Part({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <div>
      <p className="mb-1.5 text-xs font-medium text-muted">{heading}</p>
      {children}
    </div>
  )
}
