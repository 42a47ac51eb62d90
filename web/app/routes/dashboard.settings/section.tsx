import type { ReactNode } from 'react'

type SectionProps = { id: string; title: string; lead?: ReactNode; action?: ReactNode; children: ReactNode }

/** One subject of the settings, with an address of its own on the page. */
export function Section({ id, title, lead, action, children }: SectionProps) {
  return (
    <section id={id} aria-labelledby={`${id}-heading`} className="scroll-mt-6 space-y-4">
      <div className="flex flex-wrap items-end justify-between gap-3">
        <div className="min-w-0">
          <h2 id={`${id}-heading`} tabIndex={-1} data-home="" className="text-lg font-semibold tracking-tight">
            {title}
          </h2>
          {lead && <p className="mt-1 text-sm leading-relaxed text-muted">{lead}</p>}
        </div>
        {action}
      </div>
      {children}
    </section>
  )
}

/** What belongs together within a section. */
export function Card({ children }: { children: ReactNode }) {
  return <div className="rounded-2xl border border-line bg-raised p-4 shadow-card sm:p-5">{children}</div>
}

export const listStyle = 'divide-y divide-line overflow-hidden rounded-2xl border border-line bg-raised shadow-card'
