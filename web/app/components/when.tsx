import { dayOf, daysBetween, useClock, useHydrated } from '~/clock.tsx'

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const weekdays = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

/** A moment in words: "now", "5 min ago", "yesterday", "12 Mar"; the exact time as a tooltip. */
export function When({ at, className }: { at: string; className?: string }) {
  const clock = useClock()
  const hydrated = useHydrated()
  return (
    <time dateTime={at} title={hydrated ? new Date(at).toLocaleString() : undefined} className={className}>
      {momentInWords(at, clock)}
    </time>
  )
}

function momentInWords(at: string, { now, zone }: { now: number; zone: string }): string {
  const minutes = Math.floor((now - Date.parse(at)) / 60_000)
  if (minutes < 1) return 'now'
  if (minutes < 60) return `${minutes} min ago`
  const day = dayOf(at, zone)
  const days = -daysBetween(dayOf(now, zone), day)
  if (days === 0) return `${Math.floor(minutes / 60)} h ago`
  if (days === 1) return 'yesterday'
  return dayInWords(day, dayOf(now, zone))
}

/** "12 Mar", with the year when it is another one. */
export function dayInWords(day: string, today: string): string {
  const [year = '', month = '1', date = '1'] = day.split('-')
  const words = `${Number(date)} ${months[Number(month) - 1]}`
  return today.startsWith(year) ? words : `${words} ${year}`
}

/** "Today", "Tomorrow", "Friday", "12 Mar". */
export function dueInWords(day: string, today: string): string {
  const days = daysBetween(today, day)
  if (days === 0) return 'Today'
  if (days === 1) return 'Tomorrow'
  if (days === -1) return 'Yesterday'
  if (days > 1 && days < 7) return weekdays[new Date(`${day}T00:00:00Z`).getUTCDay()] ?? day
  return dayInWords(day, today)
}
