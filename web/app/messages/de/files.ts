import type { files as english } from '../en/files.ts'
import type { Translated } from '../shape.ts'

/** Dateien, die mit einer Nachricht gesendet werden. */
export const files = {
  attach: 'Dateien anhängen',
  drop: 'Dateien hier ablegen, um sie mitzusenden',
  list: 'Dateien, die mitgesendet werden',
  sentAlong: 'Dateien dieser Nachricht',
  remove: '{name} entfernen',
  uploading: '{percent, number} % gesendet',
  ready: 'Angehängt',
  onTheWay: 'Die Nachricht kann gesendet werden, sobald ihre Dateien da sind.',
  tooMany: 'Eine Nachricht kann höchstens {count, number} Dateien haben.',
  tooLarge: '{name} ist größer als 10 MB.',
  empty: '{name} ist leer.',
  kind: '{name} kann hier nicht gelesen werden. Bilder, PDF- und Textdateien gehen.',
  notSent: '{name} konnte nicht angehängt werden. {reason}',
  notThere: 'Eine angehängte Datei ist nicht mehr da. Wähle „Bearbeiten“ und hänge sie erneut an.',
  openPicture: 'Bild: {name}',
  notShown: 'Diese Datei kann gerade nicht gelesen werden.',
} as const satisfies Translated<typeof english>
