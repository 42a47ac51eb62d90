import { useEffect, useRef } from 'react'
import { useTranslations } from 'use-intl'
import { Button } from '~/components/button.tsx'
import { Spinner } from '~/components/spinner.tsx'
import type { EarlierPages } from './use-earlier.ts'

const pageSize = 50
const againAfterMs = 4_000

/** The way to what was said before: taken by itself when its end comes near, or on a person's wish. */
export function Earlier({ pages }: { pages: EarlierPages }) {
  const { more, state, read } = pages
  const t = useTranslations('chat')
  const place = useRef<HTMLDivElement>(null)
  const latest = useRef(read)
  useEffect(() => {
    latest.current = read
  })
  useEffect(() => {
    const box = place.current
    if (!box || state === 'busy') return
    // Somebody who reads fast may be asked to wait, and a server may be away: it goes on by itself.
    if (state !== 'idle') {
      const timer = setTimeout(() => void latest.current(pageSize), againAfterMs)
      return () => clearTimeout(timer)
    }
    const root = box.closest('[role=log]')
    const near = new IntersectionObserver(
      (entries) => {
        if (entries.some((it) => it.isIntersecting)) void latest.current(pageSize)
      },
      { root, rootMargin: '1000px 0px' },
    )
    near.observe(box)
    return () => near.disconnect()
  }, [state])
  // The button goes with the last page: the focus stays in the log.
  const hadFocus = useRef(false)
  useEffect(() => {
    if (!more && hadFocus.current) document.querySelector<HTMLElement>('[role=log]')?.focus({ preventScroll: true })
  }, [more])
  if (!more) return null
  return (
    <div ref={place} className="mb-6 text-center">
      <Button
        look="quiet"
        size="small"
        onClick={() => void read(pageSize)}
        onFocus={() => {
          hadFocus.current = true
        }}
        onBlur={() => {
          hadFocus.current = false
        }}
        aria-disabled={state === 'busy'}
      >
        {state === 'busy' && <Spinner />}
        {t('earlier')}
      </Button>
      {typeof state === 'object' && <p className="text-sm text-danger">{state.failure}</p>}
    </div>
  )
}
