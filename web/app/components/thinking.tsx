import type { ReactNode } from 'react'
import { cn } from './class-names.ts'
import { Mark } from './logo.tsx'

/** The assistant is at work and has nothing to show yet. */
export function Thinking({ words }: { words: string }) {
  return (
    <div className="flex items-center gap-3 py-1 text-[0.9375rem] text-muted motion-safe:animate-rise">
      <span className="flex gap-1" aria-hidden="true">
        {[0, 160, 320].map((delay) => (
          <span
            key={delay}
            style={{ animationDelay: `${delay}ms` }}
            className="size-1.5 rounded-full bg-link motion-safe:animate-pulse-dot"
          />
        ))}
      </span>
      {words}…
    </div>
  )
}

type AssistantRowProps = { children: ReactNode; first?: boolean; className?: string }

/** Stands beside what the assistant says. */
export function AssistantRow({ children, first = true, className }: AssistantRowProps) {
  return (
    <div className={cn('flex gap-4', className)}>
      <div className="hidden w-7 shrink-0 sm:block">{first && <Mark className="mt-0.5 size-7" />}</div>
      <div className="min-w-0 flex-1 space-y-3">{children}</div>
    </div>
  )
}
