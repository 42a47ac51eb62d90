/** Whether the page hears what happens. */
export const connection = {
  live: 'Live',
  connecting: 'Connecting',
  reconnecting: 'Reconnecting',
  offline: 'You are offline',
  lost: 'Not connected',
} as const
