import type { ReactNode } from 'react'
import { cn } from './class-names.ts'
import { MessageFiles, type ShownFile } from './message-files.tsx'

type UserBubbleProps = {
  text: string
  /** Not said yet, or said anew since then. */
  look?: 'waiting' | 'earlier' | undefined
  files?: readonly ShownFile[]
  children?: ReactNode
}

/** What the person said, exactly as written. */
export function UserBubble({ text, look, files = [], children }: UserBubbleProps) {
  return (
    <div className="group/own flex flex-col items-end gap-2">
      <MessageFiles files={files} />
      {text && (
        <div
          dir="auto"
          className={cn(
            'max-w-[85%] rounded-2xl rounded-ee-md border border-accent-line bg-accent-soft px-4 py-2.5 text-[0.9688rem] leading-relaxed whitespace-pre-wrap wrap-anywhere',
            look === 'waiting' && 'border-dashed bg-transparent',
            look === 'earlier' && 'border-line bg-sunken text-muted',
          )}
        >
          {text}
        </div>
      )}
      {children}
    </div>
  )
}
