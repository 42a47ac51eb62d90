import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react'

/** The moment and the time zone that times are shown for. */
export type Clock = { now: number; zone: string }

const ClockContext = createContext<Clock>({ now: 0, zone: 'UTC' })

/** The cookie in which the page leaves the person's time zone for the server: there times are written before any script runs. */
export const zoneCookie = 'parley-zone'

/** The server's clock while hydrating, so that both write the same text; the browser's own one from then on. */
export function ClockProvider({ server, children }: { server: Clock; children: ReactNode }) {
  const hydrated = useHydrated()
  const [now, setNow] = useState<number | null>(null)
  useEffect(() => {
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 30_000)
    return () => clearInterval(timer)
  }, [])
  useEffect(() => {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere yet
    document.cookie = `${zoneCookie}=${encodeURIComponent(browserZone())}; path=/; max-age=31536000; samesite=lax`
  }, [])
  const clock = hydrated && now ? { now, zone: browserZone() } : server
  return <ClockContext.Provider value={clock}>{children}</ClockContext.Provider>
}

export const useClock = () => useContext(ClockContext)

/** The zone that the page left in its cookies; UTC until then. */
export function zoneOf(cookies: string): string {
  try {
    const zone = decodeURIComponent(new RegExp(`(?:^|; )${zoneCookie}=([^;]+)`).exec(cookies)?.[1] ?? 'UTC')
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return zone
  } catch {
    return 'UTC'
  }
}

/** The zone of the device. */
export const browserZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

const never = () => () => {}

/** False on the server and in the first render of the browser, true afterwards. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  )
}

/** The calendar day of a moment, YYYY-MM-DD. */
export function dayOf(moment: number | string, zone: string): string {
  return new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(new Date(moment))
}

/** How many days `day` lies after `today`; both YYYY-MM-DD. */
export function daysBetween(today: string, day: string): number {
  return Math.round((Date.parse(`${day}T00:00:00Z`) - Date.parse(`${today}T00:00:00Z`)) / 86_400_000)
}

/** The moment at which a calendar day begins in a zone, as ISO text; `days` later if given. */
export function startOfDay(day: string, zone: string, days = 0): string {
  const midnight = Date.parse(`${day}T00:00:00Z`) + days * 86_400_000
  const shown = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  const offsetAt = (moment: number) => Date.parse(`${shown.format(moment).replace(' ', 'T')}Z`) - moment
  // Once more where the clock is put forward or back in between.
  return new Date(midnight - offsetAt(midnight - offsetAt(midnight))).toISOString()
}
