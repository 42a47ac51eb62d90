import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

type DialogProps = {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  description?: ReactNode
  children: ReactNode
}

export const overlayStyle = 'fixed inset-0 z-40 bg-black/40 backdrop-blur-[2px] motion-safe:animate-[fade-in_150ms]'

/** A question in the middle of the page; Escape and a click beside it mean no. */
export function Dialog({ open, onOpenChange, title, description, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={overlayStyle} />
        <Radix.Content
          {...(description ? {} : { 'aria-describedby': undefined })}
          className="fixed top-1/2 left-1/2 z-50 max-h-[90dvh] w-[min(27rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-2xl border border-line bg-raised p-6 shadow-float outline-none motion-safe:animate-rise"
        >
          <Radix.Title className="text-lg font-semibold tracking-tight">{title}</Radix.Title>
          {description && (
            <Radix.Description className="mt-2 text-[0.9375rem] leading-relaxed text-muted">
              {description}
            </Radix.Description>
          )}
          <div className="mt-5">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
