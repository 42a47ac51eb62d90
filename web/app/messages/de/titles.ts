import type { Messages, Translated } from '../shape.ts'

export const titles = {
  signIn: 'Anmelden',
  signUp: 'Konto anlegen',
  forgotPassword: 'Passwort vergessen?',
  resetPassword: 'Neues Passwort wählen',
  dashboard: 'Übersicht',
  newChat: 'Neue Unterhaltung',
  history: 'Verlauf',
  settings: 'Einstellungen',
  notFound: 'Nicht gefunden',
  description: 'Sprich mit einem Assistenten, der an deinen Aufgaben arbeitet.',
} as const satisfies Translated<Messages['titles']>
