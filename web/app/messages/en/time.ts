/** Moments and days in words. */
export const time = {
  now: 'now',
  minutesAgo: '{count} min ago',
  hoursAgo: '{count} h ago',
  yesterday: 'yesterday',
  dueToday: 'Today',
  dueTomorrow: 'Tomorrow',
  dueYesterday: 'Yesterday',
} as const
