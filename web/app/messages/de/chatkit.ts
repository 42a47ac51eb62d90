import type { Messages, Translated } from '../shape.ts'

export const chatkit = {
  frame: 'Chat',
  disclaimer: 'Der Assistent kann sich irren. Prüfe, worauf es ankommt.',
  useBuiltIn: 'Eingebauten Chat nehmen',
  failed:
    '{why}, deshalb ist dies Parleys eigener Chat. <again>ChatKit noch einmal versuchen</again> oder <always>immer diesen nehmen</always>.',
  noHelp: 'Noch einmal versucht, und es half nicht.',
  trying: 'ChatKit wird noch einmal versucht …',
  chosen: 'Parleys eigener Chat. <other>Stattdessen ChatKit nehmen</other>',
  why: {
    'script-error': 'ChatKit konnte nicht von seinem Server geladen werden',
    'not-defined': 'ChatKits Server hat mit etwas anderem als ChatKit geantwortet',
    timeout: 'ChatKits Server antwortet nicht',
    'not-ready': 'ChatKit wurde geladen, ist aber nicht gestartet',
    'frame-error':
      'ChatKit wollte nicht starten, vielleicht weil sein Hersteller diese Adresse nicht kennt (der Schlüssel dafür gehört in PARLEY_CHATKIT_DOMAIN_KEY)',
  },
} as const satisfies Translated<Messages['chatkit']>
