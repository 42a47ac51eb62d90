import type { Language } from './languages.ts'
import type { Messages, Translated } from './shape.ts'

// Each is a file of its own, so that a browser is sent the one it shows.
const files: Record<Language, () => Promise<{ messages: Translated<Messages> }>> = {
  en: () => import('./en.ts'),
  de: () => import('./de.ts'),
}

const loaded = new Map<Language, Messages>()

/** Brings the words of a language here. Rejects when they cannot be had. */
export async function loadMessages(language: Language): Promise<void> {
  if (!loaded.has(language)) keepMessages(language, (await files[language]()).messages)
}

/** The words of a language are here. */
export function keepMessages(language: Language, messages: Translated<Messages>): void {
  // The types of the English ones also say which values go into them.
  loaded.set(language, messages as unknown as Messages)
}

/** The words of a language that was loaded. */
export function messagesOf(language: Language): Messages {
  const messages = loaded.get(language)
  if (!messages) throw new Error(`The words of “${language}” are not loaded.`)
  return messages
}

declare module 'use-intl' {
  interface AppConfig {
    Messages: Messages
  }
}
