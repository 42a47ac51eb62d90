import type { Messages, Translated } from '../shape.ts'

export const time = {
  now: 'gerade eben',
  minutesAgo: 'vor {count} Min.',
  hoursAgo: 'vor {count} Std.',
  yesterday: 'gestern',
  dueToday: 'Heute',
  dueTomorrow: 'Morgen',
  dueYesterday: 'Gestern',
} as const satisfies Translated<Messages['time']>
