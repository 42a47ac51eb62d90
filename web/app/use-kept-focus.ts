import { useEffect } from 'react'

/** What comes and goes on top of a page: the focus goes back to where it came from. */
const passing = '[role=dialog], [role=menu], [data-passing]'
const focusable = 'a[href], button, input, select, textarea, summary, [tabindex]'

type Kept = {
  element: HTMLElement
  overlay: HTMLElement | null
  /** Where to go when it is gone for good, best first. */
  instead: (() => Element | null | undefined)[]
}

/**
 * Gives the focus a place when what had it goes or cannot have it any more: otherwise who uses the keyboard would begin at the
 * top of the page again. Out of a dialog or a menu it goes back to what opened it, out of a list to the item beside it;
 * else to what is marked `data-home` nearby, or to the page. A control that is at work gets it back when it is done. Whoever
 * has put the focus somewhere keeps it there.
 */
export function useKeptFocus(): void {
  useEffect(() => {
    /** What had the focus last, below it what had it before a menu or a dialog lay on top. */
    let trail: Kept[] = []
    let byFinger = false
    let asked = 0

    const note = (element: HTMLElement) => {
      const overlay = element.closest<HTMLElement>(passing)
      if (!overlay && isOnTop(trail.at(-1)?.overlay)) return
      const level = overlay ? trail.findIndex((it) => it.overlay === overlay) : 0
      trail = [...(level < 0 ? trail : trail.slice(0, level)), { element, overlay, instead: placesNear(element) }]
    }
    const onFocus = ({ target }: FocusEvent) => {
      if (target instanceof HTMLElement && !target.hasAttribute('data-radix-focus-guard')) note(target)
    }
    const onPointer = ({ target, pointerType }: PointerEvent) => {
      byFinger = pointerType === 'touch'
      const pressed = target instanceof Element ? target.closest<HTMLElement>(focusable) : null
      // Beside everything is a place too, and Safari does not give a button that is pressed the focus.
      if (pressed) note(pressed)
      // Beside a dialog or a menu means closing it.
      else if (!isOnTop(trail.at(-1)?.overlay)) trail = []
    }
    const onKey = () => {
      byFinger = false
    }
    const look = () => {
      asked = 0
      if (document.activeElement !== document.body || trail.length === 0) return
      let last = trail.at(-1)
      while (last?.overlay && !last.overlay.isConnected && !last.element.isConnected) {
        trail.pop()
        last = trail.at(-1)
      }
      // While it is at work it cannot have the focus, and waits for it.
      if (last?.element.isConnected) return last.element.focus({ preventScroll: true })
      // A dialog that goes on with something else has its own places: outside of it there is none.
      if (isOnTop(last?.overlay)) return last.overlay.focus({ preventScroll: true })
      for (const place of [...(last?.instead ?? []), () => document.querySelector('#page')]) {
        const element = place()
        // A field would call up the keyboard of a phone.
        if (!(element instanceof HTMLElement) || (byFinger && element.matches('textarea'))) continue
        element.focus({ preventScroll: true })
        if (document.activeElement === element) return
      }
    }
    // Not at once: what comes instead may take the focus by itself.
    const changed = new MutationObserver(() => {
      asked ||= requestAnimationFrame(look)
    })
    document.addEventListener('focusin', onFocus)
    document.addEventListener('pointerdown', onPointer, true)
    document.addEventListener('keydown', onKey, true)
    changed.observe(document.body, { subtree: true, childList: true, attributeFilter: ['disabled'] })
    return () => {
      cancelAnimationFrame(asked)
      changed.disconnect()
      document.removeEventListener('focusin', onFocus)
      document.removeEventListener('pointerdown', onPointer, true)
      document.removeEventListener('keydown', onKey, true)
    }
  }, [])
}

/** Whether it is a dialog or a menu that is there: below it nothing has the focus, but for a moment perhaps. */
const isOnTop = (overlay: HTMLElement | null | undefined): overlay is HTMLElement =>
  overlay?.isConnected === true && !overlay.hasAttribute('data-passing')

/** Looked for while it is still there: what is gone has no neighbours. */
function placesNear(element: HTMLElement): Kept['instead'] {
  const region = element.closest('nav, main')
  const item = element.closest('li')
  const beside = [item?.nextElementSibling, item?.previousElementSibling]
  const home = element.closest(':has([data-home])')?.querySelector('[data-home]')
  return [
    // The same control of the same thing, drawn anew elsewhere in its list.
    () => element.dataset.again && region?.querySelector(`[data-again="${CSS.escape(element.dataset.again)}"]`),
    ...beside.map((it) => () => it?.querySelector(focusable)),
    () => home,
  ].map((place) => () => place() || null)
}
