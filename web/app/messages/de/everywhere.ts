import type { Messages, Translated } from '../shape.ts'

export const common = {
  save: 'Speichern',
  cancel: 'Abbrechen',
  done: 'Fertig',
  edit: 'Bearbeiten',
  delete: 'Löschen',
  add: 'Hinzufügen',
  undo: 'Rückgängig',
  dismiss: 'Ausblenden',
  copied: 'Kopiert',
  tryAgain: 'Noch einmal versuchen',
  reconnect: 'Neu verbinden',
  showMore: 'Mehr anzeigen',
  language: 'Sprache',
  title: 'Titel',
  name: 'Name',
  deleted: '„<name></name>“ ist gelöscht.',
  notDeleted: '„{name}“ konnte nicht gelöscht werden.',
} as const satisfies Translated<Messages['common']>
