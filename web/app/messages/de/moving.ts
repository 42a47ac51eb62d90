import type { Messages, Translated } from '../shape.ts'

export const moving = {
  moving: 'Export und Import',
  lead: 'Deine Unterhaltungen gehören dir: Nimm sie mit, oder bring welche von anderswo.',
  exportAll: 'Alle Unterhaltungen mitnehmen',
  exportHint: 'JSONL behält alles und kann wieder importiert werden. Markdown ist zum Lesen.',
  asJsonl: 'Als JSONL exportieren',
  asMarkdown: 'Als Markdown exportieren',
  exporting: '{done, number} von {total, plural, one {# Unterhaltung} other {# Unterhaltungen}}, {size}',
  receiving: 'bisher {size}',
  exported: 'Die Datei ist vollständig: {size}.',
  cancel: 'Abbrechen',
  importTitle: 'Unterhaltungen von anderswo bringen',
  importHint:
    'Eine Datei von Parley oder der Export von ChatGPT (conversations.json), Claude, LibreChat oder Open WebUI. Ein Zip bitte vorher entpacken. Was schon hier ist, kommt nicht doppelt.',
  chooseFile: 'Datei wählen',
  sending: '{file} wird gesendet: {share, number, percent}',
  reading: '{done, number} von {total, plural, one {# Unterhaltung} other {# Unterhaltungen}} gelesen',
  counts:
    '{imported, plural, one {# Unterhaltung ist} other {# Unterhaltungen sind}} jetzt hier, {present, plural, one {# war} other {# waren}} schon da, {skipped, plural, one {# wurde} other {# wurden}} ausgelassen.',
  failed: 'Die Datei wurde nicht bis zum Ende gelesen.',
  skipped: 'Was ausgelassen wurde, und warum',
  all: 'Jede Unterhaltung der Datei',
  more: 'und {count, number} weitere',
  outcome: { IMPORTED: 'importiert', PRESENT: 'war schon da', SKIPPED: 'ausgelassen' },
  cut: 'Die Verbindung brach ab, bevor die Datei vollständig war. Ist sie größer, als dieser Server annimmt?',
  exportOne: 'Als JSONL exportieren',
  exportOneMarkdown: 'Als Markdown exportieren',
} as const satisfies Translated<Messages['moving']>
