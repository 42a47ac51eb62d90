import { wordsIn } from './language.tsx'
import { loadMessages } from './messages/catalogue.ts'
import { languageOf } from './messages/languages.ts'

/** The words of the catalogue in the language of the page that asks, for loaders and actions. */
export async function wordsFor({ headers }: Request) {
  const language = languageOf(headers)
  await loadMessages(language)
  return wordsIn(language)
}
