import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { buttonStyle } from './button.tsx'
import { ArrowDownIcon } from './icons.tsx'
import { type WatchNear, WatchNearContext } from './log-item.tsx'

const nearPx = 40

type MessageLogProps = {
  /** Made of `LogItem`s. */
  children: ReactNode
  label: string
  earlier?: ReactNode
  /** Goes to the end when this changes: one wants to see what one has just sent. */
  sent?: string | undefined
}

/**
 * What scrolls. It lies bottom up, so that it shows the newest without any script and stays there while the text grows,
 * unless the person has scrolled away from the end.
 */
export function MessageLog({ children, label, earlier, sent }: MessageLogProps) {
  const t = useTranslations('chat')
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const away = useAway(scroller, content)
  const [watchNear] = useState(() => createWatchNear(scroller))
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
        // What happens beside it, as a key in the composer, is no reason to lay out all that was said.
        className="flex h-full flex-col-reverse overflow-y-auto contain-strict overscroll-contain [overflow-anchor:none] focus-visible:outline-offset-[-2px]"
      >
        <div className="mx-auto mb-auto w-full max-w-3xl px-4 pt-6 sm:px-6">
          {earlier}
          <div ref={content}>
            <WatchNearContext.Provider value={watchNear}>{children}</WatchNearContext.Provider>
          </div>
        </div>
      </div>
      {away && (
        <button
          type="button"
          onClick={() => {
            toEnd()
            // The button goes: the focus stays with what it belongs to.
            scroller.current?.focus({ preventScroll: true })
          }}
          className={buttonStyle({
            size: 'small',
            className: 'absolute inset-x-0 bottom-3 mx-auto w-fit rounded-full shadow-float motion-safe:animate-rise',
          })}
        >
          <ArrowDownIcon className="size-4" />
          {t('newest')}
        </button>
      )}
    </div>
  )
}

/**
 * Whether the person has scrolled away from the end. While they have, what they read stays where it is, whatever grows or
 * turns out to be higher than it was taken for, above or below it.
 */
function useAway(scroller: RefObject<HTMLDivElement | null>, content: RefObject<HTMLDivElement | null>): boolean {
  const [away, setAway] = useState(false)
  useEffect(() => {
    const box = scroller.current
    const inner = content.current
    if (!box || !inner) return
    // Bottom up, scrollTop is 0 at the end and negative above it.
    const isAway = () => Math.abs(box.scrollTop) > nearPx
    const look = () => ({ scrollTop: box.scrollTop, ...readAt(box, inner) })
    let seen = look()
    /**
     * What moved by more or less than the scrolling moved it was pushed by something that grew: it goes back. After a leap
     * something else is read.
     */
    const settle = () => {
      const scrolled = box.scrollTop - seen.scrollTop
      if (isAway() && seen.item?.isConnected && Math.abs(scrolled) < box.clientHeight)
        box.scrollTop += seen.item.getBoundingClientRect().top - (seen.top - scrolled)
      seen = look()
    }
    const onScroll = () => {
      settle()
      setAway(isAway())
    }
    const changed = new ResizeObserver(() => {
      if (!isAway()) box.scrollTop = 0
      settle()
    })
    box.addEventListener('scroll', onScroll, { passive: true })
    changed.observe(inner)
    changed.observe(box)
    return () => {
      box.removeEventListener('scroll', onScroll)
      changed.disconnect()
    }
  }, [scroller, content])
  return away
}

/** The first item in sight and where it stands. They are in order, so a few looks are enough among thousands. */
function readAt(box: Element, inner: Element): { item: Element | undefined; top: number } {
  const edge = box.getBoundingClientRect().top
  const items = inner.children
  let [low, high] = [0, items.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((items[middle]?.getBoundingClientRect().bottom ?? 0) > edge) high = middle
    else low = middle + 1
  }
  const item = items[low]
  return { item, top: item?.getBoundingClientRect().top ?? 0 }
}

/** One observer for all items of a log, made with the first. */
function createWatchNear(scroller: RefObject<Element | null>): WatchNear {
  const waiting = new Map<Element, () => void>()
  let observer: IntersectionObserver | null = null
  const look = (entries: readonly IntersectionObserverEntry[]) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) waiting.get(target)?.()
  }
  return (element, near) => {
    observer ??= new IntersectionObserver(look, { root: scroller.current, rootMargin: '1200px 0px' })
    waiting.set(element, near)
    observer.observe(element)
    return () => {
      waiting.delete(element)
      observer?.unobserve(element)
    }
  }
}
