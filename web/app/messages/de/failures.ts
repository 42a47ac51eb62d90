import type { Messages, Translated } from '../shape.ts'

export const failures = {
  error: 'Fehler {status}',
  home: 'Zur Übersicht',
  again: 'Neu laden',
  notFound: {
    title: 'Hier ist nichts',
    text: 'Vielleicht gibt es die Seite nicht mehr, oder in der Adresse ist ein Tippfehler.',
  },
  tooFast: { title: 'Etwas zu schnell', text: 'Warte einen Moment und lade die Seite dann neu.' },
  away: {
    title: 'Gerade nicht erreichbar',
    text: 'Der Server ist ausgelastet oder wird neu gestartet. Das geht meist gleich vorbei.',
  },
  unforeseen: {
    title: 'Etwas ist schiefgegangen',
    text: 'Das liegt an uns. Lade die Seite neu oder geh zurück zur Übersicht.',
  },
} as const satisfies Translated<Messages['failures']>
