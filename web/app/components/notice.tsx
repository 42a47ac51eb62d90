import type { ReactNode } from 'react'
import { cn } from './class-names.ts'
import { WarningIcon } from './icons.tsx'

type NoticeProps = {
  tone?: 'danger' | 'warn' | 'calm'
  children: ReactNode
  /** What one can do about it. */
  action?: ReactNode
  /** Read out at once by screen readers. */
  urgent?: boolean
  className?: string
}

const tones = {
  danger: 'border-danger-line bg-danger-soft text-danger',
  warn: 'border-warn-line bg-warn-soft text-warn',
  calm: 'border-line bg-surface text-muted',
}

/** A plain sentence about something out of the ordinary, with its next step. */
export function Notice({ tone = 'danger', children, action, urgent = false, className }: NoticeProps) {
  return (
    <div
      role={urgent ? 'alert' : undefined}
      className={cn(
        'flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl border px-3.5 py-2.5 text-sm',
        tones[tone],
        className,
      )}
    >
      {tone !== 'calm' && <WarningIcon className="size-4.5 shrink-0" />}
      <div className="min-w-0 flex-1 basis-48">{children}</div>
      {action}
    </div>
  )
}
