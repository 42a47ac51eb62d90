import { useLocation } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import type { EarlierPages } from './use-earlier.ts'

const pageSize = 100
const againAfterMs = 4_000

/**
 * Opens the conversation at the message that the address names, as the search does. Reads back to it first when it is not
 * among the newest. Gives whether the address names one.
 */
export function useNamedMessage(earlier: EarlierPages): boolean {
  const { hash, key } = useLocation()
  const named = /^#(msg_\w+)$/.exec(hash)?.[1]
  const read = useRef(earlier.read)
  useEffect(() => {
    read.current = earlier.read
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: also when somebody goes to the same message again
  useEffect(() => {
    if (!named) return
    let gone = false
    void (async () => {
      while (!document.getElementById(named)) {
        const messages = await read.current(pageSize)
        if (messages === 'failed') {
          await new Promise((resolve) => setTimeout(resolve, againAfterMs))
          if (gone) return
          continue
        }
        if (gone || messages.length === 0) return
        if (messages.some(({ id }) => id === named)) await nextFrame()
      }
      await show(named)
    })()
    return () => {
      gone = true
    }
  }, [named, key])
  return named !== undefined
}

/** In the middle of what is shown, also after what lies around it has taken its true height. */
async function show(id: string): Promise<void> {
  let before = Number.NaN
  let still = 0
  for (let looks = 0; looks < 60 && still < 5; looks++) {
    const element = document.getElementById(id)
    if (!element) return
    still = Math.abs(element.getBoundingClientRect().top - before) < 1 ? still + 1 : 0
    if (still === 0) element.scrollIntoView({ block: 'center' })
    before = element.getBoundingClientRect().top
    await nextFrame()
  }
  const wash = [{ backgroundColor: 'var(--accent-soft)' }, {}]
  document.getElementById(id)?.animate?.(wash, { duration: 2500, easing: 'ease-out' })
}

/** After the browser has drawn, or soon in a tab that it does not draw. */
const nextFrame = () =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 100)
    requestAnimationFrame(() => {
      clearTimeout(timer)
      setTimeout(resolve)
    })
  })
