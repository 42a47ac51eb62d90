import type { Messages, Translated } from '../shape.ts'

export const connection = {
  live: 'Live',
  connecting: 'Verbindet sich',
  reconnecting: 'Verbindet sich neu',
  offline: 'Du bist offline',
  lost: 'Nicht verbunden',
} as const satisfies Translated<Messages['connection']>
