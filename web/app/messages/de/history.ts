import type { Messages, Translated } from '../shape.ts'

export const history = {
  search: 'Suche',
  placeholder: 'In dem suchen, was gesagt wurde',
  show: 'Zeige',
  current: 'Aktuelle',
  archived: 'Archivierte',
  all: 'Alle',
  from: 'Von',
  to: 'Bis',
  found: 'Gefunden',
  nothingFound: 'Nichts gefunden.',
  foundCount: '{count, number} gefunden',
  foundAtLeast: '{count, number} oder mehr gefunden',
  howTo:
    'Alle Wörter müssen vorkommen. Anführungszeichen halten Wörter zusammen, ein Minus schließt ein Wort aus, und „or“ heißt: eines von beiden.',
  everywhere: 'In allen Unterhaltungen suchen',
  you: 'Du: ',
  conversations: 'Unterhaltungen',
  isArchived: 'archiviert',
  isPinned: 'angeheftet',
  answering: 'Antwortet …',
  nothing: 'Hier sind keine Unterhaltungen. Worüber du sprichst, bleibt erhalten und kann durchsucht werden.',
  nothingFits: 'Keine Unterhaltung passt zu diesen Filtern.',
  nothingArchived: 'Hier ist nichts archiviert.',
} as const satisfies Translated<Messages['history']>
