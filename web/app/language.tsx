import type { MetaFunction } from '@remix-run/node'
import { Direction } from 'radix-ui'
import { createContext, type ReactNode, useContext, useState, useSyncExternalStore } from 'react'
import { createTranslator, IntlProvider } from 'use-intl'
import { useClock } from './clock.tsx'
import { loadMessages, messagesOf } from './messages/catalogue.ts'
import { directionOf, formatsOfLanguage, type Language, languageCookie, languages } from './messages/languages.ts'
import type { Messages } from './messages/shape.ts'

const inBrowser = typeof document !== 'undefined'
const watchers = new Set<() => void>()

/** The browser's; the server has one for each request. */
let current: Language = languages.find((it) => inBrowser && it === document.documentElement.lang) ?? 'en'

/** The language that this page was written in, in the browser. */
export const shownLanguage = () => current

/** Takes effect at once, and on every page from now on. Rejects, and changes nothing, when the words cannot be loaded. */
export async function chooseLanguage(language: Language): Promise<void> {
  await loadMessages(language)
  current = language
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere yet
  document.cookie = `${languageCookie}=${language}; path=/; max-age=31536000; samesite=lax`
  for (const tell of watchers) tell()
}

function watch(tell: () => void): () => void {
  watchers.add(tell)
  return () => watchers.delete(tell)
}

const RequestedLanguage = createContext<Language>('en')

/** Says in which language the server writes, or has written, this page. */
export const LanguageProvider = RequestedLanguage.Provider

/** The language of the page. */
export function useLanguage(): Language {
  const requested = useContext(RequestedLanguage)
  return useSyncExternalStore(watch, shownLanguage, () => requested)
}

/**
 * The language as it was chosen, before its words are here, and the way to choose. Where the words cannot be loaded the page
 * stays as it is.
 */
export function useLanguageChoice() {
  const language = useLanguage()
  const [wanted, setWanted] = useState<Language | null>(null)
  const choose = (language: Language) => {
    setWanted(language)
    void chooseLanguage(language)
      .catch(() => {})
      .finally(() => setWanted(null))
  }
  return [wanted ?? language, choose] as const
}

/** Gives the words, and the ways to write dates and numbers, to everything inside. */
export function WordsProvider({ children }: { children: ReactNode }) {
  const language = useLanguage()
  const { zone } = useClock()
  return (
    <IntlProvider locale={formatsOfLanguage[language]} messages={messagesOf(language)} timeZone={zone}>
      <Direction.Provider dir={directionOf(language)}>{children}</Direction.Provider>
    </IntlProvider>
  )
}

/** The words of a language where no component is rendered. */
export const wordsIn = (language: Language) =>
  createTranslator({ locale: formatsOfLanguage[language], messages: messagesOf(language) })

export type Words = ReturnType<typeof wordsIn>

/** The words of this page for what happens in the browser: after a click, when an answer comes. */
export const words = () => wordsIn(current)

type Title = Exclude<keyof Messages['titles'], 'description'>

/** The `meta` of a page: its title and what Parley is, in the language of the page. */
export function titled(title: Title): MetaFunction {
  return ({ matches }) => {
    const t = wordsIn(languageOfMatches(matches))
    return [{ title: `${t(`titles.${title}`)} · Parley` }, { name: 'description', content: t('titles.description') }]
  }
}

/** The page's language where only what the loaders gave is known. */
export function languageOfMatches(matches: readonly { id: string; data?: unknown }[]): Language {
  if (inBrowser) return current
  const root = matches.find(({ id }) => id === 'root')?.data as { language?: Language } | null | undefined
  return root?.language ?? 'en'
}
