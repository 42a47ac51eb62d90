import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react'
import { cn } from './class-names.ts'

/** Says once when an element comes near what the log shows; gives the way to stop watching. */
export type WatchNear = (element: Element, near: () => void) => () => void

export const WatchNearContext = createContext<WatchNear | null>(null)

type LogItemProps = {
  id?: string
  /** What stands there until it comes near: enough to search in and to read. Left out: it is drawn at once. */
  plain?: string | undefined
  /** Its height as long as nobody has seen it, in pixels. */
  about?: number
  className?: string | undefined
  children: ReactNode
}

/**
 * One thing in the log. The browser lays out and paints those in sight alone, while all of them can be searched and read out;
 * one that was read from far back is drawn in full when it comes near, and stays so from then on.
 */
export function LogItem({ id, plain, about = 120, className, children }: LogItemProps) {
  const watch = useContext(WatchNearContext)
  const box = useRef<HTMLDivElement>(null)
  const [near, setNear] = useState(plain === undefined)
  useEffect(() => {
    if (near || !box.current) return
    return watch?.(box.current, () => setNear(true))
  }, [near, watch])
  return (
    <div
      ref={box}
      id={id}
      style={{ containIntrinsicSize: `auto ${about}px` }}
      // What is contained is cut at its edge: room for the focus ring, and for the actions below.
      className={cn('-mx-2 -mt-1.5 px-2 pt-1.5 pb-6 [content-visibility:auto] empty:hidden', className)}
    >
      {near ? children : <p className="whitespace-pre-wrap wrap-anywhere">{plain}</p>}
    </div>
  )
}
