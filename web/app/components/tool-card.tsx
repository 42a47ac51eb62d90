import type { ReactNode } from 'react'
import type { ToolCallFieldsFragment } from '../../../schema/generated/graphql.ts'
import { Approval } from './approval.tsx'
import { cn } from './class-names.ts'
import { CheckIcon, ChevronDownIcon, CrossIcon, ToolIcon, WarningIcon } from './icons.tsx'
import { Spinner } from './spinner.tsx'
import { ToolValue } from './tool-value.tsx'
import { argumentsInShort, statusWords, toolErrorInWords, toolTitle } from './tool-words.ts'

type ToolCall = ToolCallFieldsFragment

/** One use of a tool: what for, how it stands, what came of it. Opens to show all of it. */
export function ToolCard({ call }: { call: ToolCall }) {
  const title = toolTitle(call)
  const short = argumentsInShort(call.arguments)
  return (
    <section
      aria-label={`Tool: ${title}`}
      data-tool={call.name}
      data-status={call.status}
      className="overflow-hidden rounded-xl border border-line bg-raised shadow-card"
    >
      <details className="group/card" open={call.status === 'AWAITING_APPROVAL' || undefined}>
        <summary className="flex min-h-12 list-none items-center gap-3 px-3.5 py-2 hover:bg-hover">
          <span className="grid size-7 shrink-0 place-items-center rounded-lg bg-sunken text-muted">
            <ToolIcon className="size-4" />
          </span>
          <span className="min-w-0 flex-1">
            <span className="block truncate text-sm font-medium">{title}</span>
            {short && (
              <bdi className="block truncate text-xs text-muted" dir="auto">
                {short}
              </bdi>
            )}
          </span>
          <Status status={call.status} />
          <ChevronDownIcon className="size-4 shrink-0 text-muted group-open/card:rotate-180 motion-safe:transition-transform" />
        </summary>
        <div className="space-y-3 border-t border-line px-3.5 py-3">
          <Part heading="Arguments">
            <ToolValue value={call.arguments} />
          </Part>
          {call.result !== null && (
            <Part heading={call.resultTruncated ? 'Result (the beginning of it)' : 'Result'}>
              <ToolValue value={call.result} />
            </Part>
          )}
          <p className="text-xs text-muted">
            {call.name} · from the tool server “{call.server}”
          </p>
        </div>
      </details>
      {call.progress && call.status === 'RUNNING' && <Progress {...call.progress} />}
      {call.status === 'AWAITING_APPROVAL' && <Approval toolCallId={call.id} title={title} args={call.arguments} />}
      {call.denialReason && (
        <p className="border-t border-line px-3.5 py-2 text-sm text-muted" dir="auto">
          {call.denialReason}
        </p>
      )}
      {call.error && call.status !== 'DENIED' && (
        <p className="border-t border-danger-line bg-danger-soft px-3.5 py-2 text-sm text-danger">
          {toolErrorInWords(call.error)}
        </p>
      )}
    </section>
  )
}

function Status({ status }: { status: ToolCall['status'] }) {
  const bad = status === 'FAILED' || status === 'DENIED' || status === 'OUTCOME_UNKNOWN'
  return (
    <span className={cn('flex shrink-0 items-center gap-1.5 text-xs', bad ? 'text-danger' : 'text-muted')}>
      {icons[status]}
      {statusWords[status]}
    </span>
  )
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
  return (
    <div className="border-t border-line px-3.5 py-2">
      <progress
        className="block h-1.5 w-full accent-link"
        value={progress}
        max={total ?? undefined}
        aria-label="Progress"
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
