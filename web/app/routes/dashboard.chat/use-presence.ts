import { type RefObject, useEffect } from 'react'

/** Says when ChatKit has taken itself off the page, as it does where its maker does not know the address. */
export function usePresence(holder: RefObject<HTMLElement | null>, onGone: () => void): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: one watch for as long as the page is there
  useEffect(() => {
    const { current: element } = holder
    if (!element) return
    const watch = new MutationObserver(() => {
      if (!element.querySelector('openai-chatkit')) onGone()
    })
    watch.observe(element, { childList: true })
    return () => watch.disconnect()
  }, [holder])
}
