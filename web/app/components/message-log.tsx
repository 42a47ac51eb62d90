import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react'
import { buttonStyle } from './button.tsx'
import { ArrowDownIcon } from './icons.tsx'

const nearPx = 40

type MessageLogProps = {
  children: ReactNode
  label: string
  earlier?: ReactNode
  /** Goes to the end when this changes: one wants to see what one has just sent. */
  sent?: string
}

/**
 * What scrolls. It lies bottom up, so that it shows the newest without any script and stays there while the text grows,
 * unless the person has scrolled away from the end.
 */
export function MessageLog({ children, label, earlier, sent }: MessageLogProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const away = useAway(scroller, content)
  const toEnd = () => {
    if (scroller.current) scroller.current.scrollTop = 0
  }
  useEffect(() => {
    if (sent && scroller.current) scroller.current.scrollTop = 0
  }, [sent])
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroller}
        role="log"
        aria-live="off"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
        tabIndex={0}
        className="flex h-full flex-col-reverse overflow-y-auto overscroll-contain [overflow-anchor:none] focus-visible:outline-offset-[-2px]"
      >
        <div className="mx-auto mb-auto w-full max-w-3xl px-4 py-6 sm:px-6">
          {earlier}
          <div ref={content} className="space-y-6">
            {children}
          </div>
        </div>
      </div>
      {away && (
        <button
          type="button"
          onClick={toEnd}
          className={buttonStyle({
            size: 'small',
            className: 'absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full shadow-float motion-safe:animate-rise',
          })}
        >
          <ArrowDownIcon className="size-4" />
          Newest
        </button>
      )}
    </div>
  )
}

/** Whether the person has scrolled away from the end; while they have, growth at the end does not move what they read. */
function useAway(scroller: RefObject<HTMLDivElement | null>, content: RefObject<HTMLDivElement | null>): boolean {
  const [away, setAway] = useState(false)
  useEffect(() => {
    const box = scroller.current
    const inner = content.current
    if (!box || !inner) return
    // Bottom up, scrollTop is 0 at the end and negative above it.
    const isAway = () => Math.abs(box.scrollTop) > nearPx
    const onScroll = () => setAway(isAway())
    let height = inner.offsetHeight
    let top = inner.firstElementChild
    const grown = new ResizeObserver(() => {
      const growth = inner.offsetHeight - height
      height = inner.offsetHeight
      const prepended = top !== inner.firstElementChild
      top = inner.firstElementChild
      if (growth === 0 || prepended) return
      if (isAway()) box.scrollTop -= growth
      else box.scrollTop = 0
    })
    box.addEventListener('scroll', onScroll, { passive: true })
    grown.observe(inner)
    return () => {
      box.removeEventListener('scroll', onScroll)
      grown.disconnect()
    }
  }, [scroller, content])
  return away
}
