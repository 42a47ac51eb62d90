import { useTranslations } from 'use-intl'
import { daysBetween } from '~/clock.tsx'
import { cn } from './class-names.ts'
import { CalendarIcon } from './icons.tsx'
import { Day } from './when.tsx'

type DueProps = {
  /** YYYY-MM-DD, both of them. */
  day: string
  today: string
  /** Nothing has to be done about it any more: it does not say that it is today or late. */
  calm: boolean
  className?: string
}

/** The day on which a task is due. */
export function Due({ day, today, calm, className }: DueProps) {
  const t = useTranslations('tasks')
  const days = daysBetween(today, day)
  const late = !calm && days < 0
  return (
    <span
      className={cn(
        'flex items-center gap-1.5 rounded-full border border-line px-2.5 py-1 text-xs text-muted',
        late && 'border-danger-line bg-danger-soft text-danger',
        !calm && days === 0 && 'border-accent-line bg-accent-soft text-ink',
        className,
      )}
    >
      <CalendarIcon className="size-3.5" />
      <span className="sr-only">{late ? t('overdue') : t('due')}</span>
      <Day day={day} today={today} />
    </span>
  )
}
