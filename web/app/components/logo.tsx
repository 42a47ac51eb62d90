import { cn } from './class-names.ts'

/** The mark: a speech bubble that is also a P, near-black on the accent in both themes. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={cn('size-8 shrink-0', className)} aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" fill="#0fff50" />
      <path
        d="M9.5 25V15a7 7 0 1 1 7 7H14"
        fill="none"
        stroke="#04140a"
        strokeWidth="3.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <circle cx="16.5" cy="15" r="1.9" fill="#04140a" />
    </svg>
  )
}

export function Logo({ className }: { className?: string }) {
  return (
    <span className={cn('inline-flex items-center gap-2.5', className)}>
      <Mark />
      <span className="text-lg font-semibold tracking-tight">Parley</span>
    </span>
  )
}
