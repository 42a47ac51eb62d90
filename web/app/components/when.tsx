import { useFormatter, useTranslations } from 'use-intl'
import { dayOf, daysBetween, useClock, useHydrated } from '~/clock.tsx'

/** A moment in words: "now", "5 min ago", "yesterday", "12 Mar"; the exact time as a tooltip. */
export function When({ at, className }: { at: string; className?: string }) {
  const format = useFormatter()
  const hydrated = useHydrated()
  const exact = hydrated ? format.dateTime(new Date(at), { dateStyle: 'medium', timeStyle: 'short' }) : undefined
  return (
    // Browsers abbreviate months each in their own way: no reason to draw the page anew.
    <time dateTime={at} title={exact} className={className} suppressHydrationWarning>
      {useMomentInWords(at)}
    </time>
  )
}

function useMomentInWords(at: string): string {
  const { now, zone } = useClock()
  const t = useTranslations('time')
  const dayInWords = useDayInWords()
  const minutes = Math.floor((now - Date.parse(at)) / 60_000)
  if (minutes < 1) return t('now')
  if (minutes < 60) return t('minutesAgo', { count: String(minutes) })
  const day = dayOf(at, zone)
  const days = -daysBetween(dayOf(now, zone), day)
  if (days === 0) return t('hoursAgo', { count: String(Math.floor(minutes / 60)) })
  return days === 1 ? t('yesterday') : dayInWords(day, dayOf(now, zone))
}

/** "12 Mar", with the year when it is another one. */
function useDayInWords() {
  const format = useFormatter()
  return (day: string, today: string): string => {
    const year = today.startsWith(day.slice(0, 4)) ? undefined : 'numeric'
    return format.dateTime(new Date(`${day}T00:00:00Z`), { day: 'numeric', month: 'short', year, timeZone: 'UTC' })
  }
}

/** A calendar day, YYYY-MM-DD, as seen from another: "Today", "Tomorrow", "Friday", "12 Mar". */
export function Day({ day, today }: { day: string; today: string }) {
  const format = useFormatter()
  const t = useTranslations('time')
  const dayInWords = useDayInWords()
  const days = daysBetween(today, day)
  const words = () => {
    if (days === 0) return t('dueToday')
    if (days === 1) return t('dueTomorrow')
    if (days === -1) return t('dueYesterday')
    if (days > 1 && days < 7) return format.dateTime(new Date(`${day}T00:00:00Z`), { weekday: 'long', timeZone: 'UTC' })
    return dayInWords(day, today)
  }
  return (
    <time dateTime={day} suppressHydrationWarning>
      {words()}
    </time>
  )
}
