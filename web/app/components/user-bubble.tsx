import type { ReactNode } from 'react'

/** What the person said, exactly as written. */
export function UserBubble({ id, text, children }: { id?: string; text: string; children?: ReactNode }) {
  return (
    <div id={id} className="flex flex-col items-end gap-2">
      <div
        dir="auto"
        className="max-w-[85%] rounded-2xl rounded-ee-md border border-accent-line bg-accent-soft px-4 py-2.5 text-[0.9688rem] leading-relaxed whitespace-pre-wrap wrap-anywhere"
      >
        {text}
      </div>
      {children}
    </div>
  )
}
