import type { Messages, Translated } from '../shape.ts'

export const errors = {
  NETWORK: 'Der Server ist gerade nicht erreichbar.',
  UNAUTHENTICATED: 'Deine Anmeldung ist abgelaufen. Bitte melde dich neu an.',
  FORBIDDEN: 'Das darfst du nicht.',
  NOT_FOUND: 'Das gibt es nicht mehr.',
  RUN_ACTIVE: 'Hier wird noch an einer Antwort geschrieben. Halte sie an oder warte, bis sie fertig ist.',
  PAYLOAD_TOO_LARGE: 'Das ist zu groß.',
  UNSUPPORTED_MEDIA_TYPE: 'Dateien dieser Art können hier nicht gelesen werden.',
  RATE_LIMITED: 'Das ging etwas zu schnell. Warte einen Moment und versuche es dann noch einmal.',
  QUOTA_EXCEEDED: 'Das Kontingent ist vorerst aufgebraucht. Versuche es später noch einmal.',
  OVERLOADED: 'Der Server ist stark ausgelastet. Versuche es gleich noch einmal.',
  DRAINING: 'Der Server wird neu gestartet. Versuche es gleich noch einmal.',
  STORAGE_UNAVAILABLE: 'Die Datenbank ist nicht erreichbar. Versuche es gleich noch einmal.',
  STORAGE_FULL: 'Auf dem Server ist kein Platz mehr, deshalb kann nichts Neues gespeichert werden.',
  AUTH_UNAVAILABLE: 'Die Anmeldung lässt sich gerade nicht prüfen. Versuche es gleich noch einmal.',
  INTERNAL_SERVER_ERROR: 'Auf dem Server ist etwas schiefgegangen.',
  unforeseen: 'Etwas ist schiefgegangen. Bitte versuche es noch einmal.',
} as const satisfies Translated<Messages['errors']>
