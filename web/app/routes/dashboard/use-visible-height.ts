import { useEffect } from 'react'

const keyboardPx = 120

/**
 * Keeps the page within what an on-screen keyboard leaves to see, where the browser does not do so by itself (iOS): else the
 * keyboard would lie over the field that one writes in. The height is `--visible-height` while a keyboard is open.
 */
export function useVisibleHeight(): void {
  useEffect(() => {
    const seen = window.visualViewport
    if (!seen) return
    const { style } = document.documentElement
    const fit = () => {
      // A pinch makes it smaller too, and is no keyboard.
      const covered = seen.scale < 1.05 && window.innerHeight - seen.height > keyboardPx
      if (!covered) return void style.removeProperty('--visible-height')
      style.setProperty('--visible-height', `${seen.height}px`)
      window.scrollTo(0, 0)
    }
    seen.addEventListener('resize', fit)
    return () => {
      seen.removeEventListener('resize', fit)
      style.removeProperty('--visible-height')
    }
  }, [])
}
