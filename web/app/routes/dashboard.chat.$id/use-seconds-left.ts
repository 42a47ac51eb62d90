import { useEffect, useState } from 'react'

/** Counts down to 0 from when it was told. By its own clock: that of the server may be another. */
export function useSecondsLeft(busy: { retryAfterMs: number } | undefined): number {
  const [left, setLeft] = useState(0)
  useEffect(() => {
    if (!busy) return setLeft(0)
    const until = performance.now() + busy.retryAfterMs
    const tick = () => setLeft(Math.max(0, Math.ceil((until - performance.now()) / 1_000)))
    tick()
    const timer = setInterval(tick, 1_000)
    return () => clearInterval(timer)
  }, [busy])
  return left
}
