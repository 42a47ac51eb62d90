import { useEffect } from 'react'

/** Escape stops the answer, unless something else is open that it closes. */
export function useStopKey(stop: (() => void) | null) {
  useEffect(() => {
    if (!stop) return
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return
      if (document.querySelector('[role="dialog"], [role="menu"]')) return
      event.preventDefault()
      stop()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [stop])
}
