/** A day of the calendar, `YYYY-MM-DD`. */
export type Day = string

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const numbers = ['a', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']

const weekday = `(?:${weekdays.join('|')})`
const month = `(?:${months.join('|')})[a-z]*\\.?`
const ordinal = '\\d{1,2}(?:st|nd|rd|th)?'

/** The ways to say a day, as the source of a regular expression without groups that capture. */
export const dayWords = [
  '\\d{4}-\\d{2}-\\d{2}',
  '\\d{1,2}\\.\\d{1,2}\\.\\d{4}',
  `${month} ${ordinal}(?:,? \\d{4})?`,
  `(?:the )?${ordinal}(?: of)? ${month}(?:,? \\d{4})?`,
  'the day after tomorrow',
  'today',
  'tonight',
  'tomorrow',
  `(?:next |this |coming )?${weekday}`,
  '(?:this |next |the )weekend',
  '(?:the )?end of (?:the |this )?(?:week|month)',
  'next (?:week|month)',
  `in (?:\\d{1,3}|${numbers.join('|')}) (?:day|week|month)s?`,
].join('|')

/** The day that these words mean, seen from today; null when they mean none. */
export function dayIn(words: string, today: Day): Day | null {
  const said = words.toLowerCase().replace(/\s+/g, ' ').trim()
  return (
    writtenDay(said) ??
    dayOfMonth(said, today) ??
    dayOfWeek(said, today) ??
    dayFromNow(said, today) ??
    endOf(said, today)
  )
}

/** `Friday, 27 November`, with the year when it is not this one. */
export function spokenDay(day: Day, today: Day): string {
  if (day === today) return 'today'
  if (day === plus(today, { days: 1 })) return 'tomorrow'
  const year = day.slice(0, 4) === today.slice(0, 4) ? undefined : 'numeric'
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: 'UTC',
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year,
  }).format(Date.parse(day))
}

function writtenDay(said: string): Day | null {
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(said)
  if (iso) return dayAt(Number(iso[1]), Number(iso[2]), Number(iso[3]))
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(said)
  return dotted ? dayAt(Number(dotted[3]), Number(dotted[2]), Number(dotted[1])) : null
}

/** `1 December`: the next one, unless the year is said. */
function dayOfMonth(said: string, today: Day): Day | null {
  const name = months.findIndex((it) => new RegExp(`\\b${it}[a-z]*`).test(said))
  const number = /\b(\d{1,2})(?:st|nd|rd|th)?\b/.exec(said)?.[1]
  if (name < 0 || !number) return null
  const year = /\b\d{4}\b/.exec(said)?.[0]
  const thisYear = Number(today.slice(0, 4))
  const day = dayAt(Number(year ?? thisYear), name + 1, Number(number))
  return day && day < today && !year ? dayAt(thisYear + 1, name + 1, Number(number)) : day
}

/** `Friday` is the next one behind today, `this Friday` may be today, `next Friday` is in the week behind this one. */
function dayOfWeek(said: string, today: Day): Day | null {
  const [, which = '', name = ''] = /^(next |this |coming )?([a-z]+)$/.exec(said) ?? []
  const wanted = weekdays.indexOf(name)
  if (wanted < 0) return null
  const now = new Date(today).getUTCDay()
  if (which === 'next ') return plus(today, { days: 7 - ((now + 6) % 7) + ((wanted + 6) % 7) })
  const ahead = (wanted - now + 7) % 7
  return plus(today, { days: ahead === 0 && which !== 'this ' ? 7 : ahead })
}

function dayFromNow(said: string, today: Day): Day | null {
  if (said === 'today' || said === 'tonight') return today
  if (said === 'tomorrow') return plus(today, { days: 1 })
  if (said === 'the day after tomorrow') return plus(today, { days: 2 })
  if (said === 'next week') return dayOfWeek('next monday', today)
  if (said === 'next month') return plus(`${today.slice(0, 7)}-01`, { months: 1 })
  const [, amount = '', unit] = /^in (\w+) (day|week|month)s?$/.exec(said) ?? []
  const count = /^\d+$/.test(amount) ? Number(amount) : Math.max(1, numbers.indexOf(amount))
  if (unit === 'month') return plus(today, { months: count })
  return unit ? plus(today, { days: unit === 'week' ? count * 7 : count }) : null
}

function endOf(said: string, today: Day): Day | null {
  if (/^next weekend$/.test(said)) return dayOfWeek('next saturday', today)
  if (/weekend$/.test(said)) return dayOfWeek('this saturday', today)
  if (/^(the )?end of .*week$/.test(said)) return dayOfWeek('this friday', today)
  if (!/^(the )?end of .*month$/.test(said)) return null
  return plus(plus(`${today.slice(0, 7)}-01`, { months: 1 }), { days: -1 })
}

/** In a month that is too short the last day of that month. */
export function plus(day: Day, { days = 0, months = 0 }: { days?: number; months?: number }): Day {
  const [year = 0, month = 1, number = 1] = day.split('-').map(Number)
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 + months, Math.min(number, last) + days)).toISOString().slice(0, 10)
}

/** Null for a day that the calendar does not have. */
function dayAt(year: number, month: number, day: number): Day | null {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.toISOString().slice(0, 10) : null
}
