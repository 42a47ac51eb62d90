import { words } from './language.tsx'
import type { Messages } from './messages/shape.ts'

/** A request that did not do what it should, in words for the person. */
export class Failure extends Error {
  override readonly name = 'Failure'
  /** A code of the API, or NETWORK when no answer came. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * The sentence for a code, in the language of the page; what the server said where it knows better, as with wrong input. For
 * what happens in the browser: the server writes in many languages at once.
 */
export function inWords(code: string, said?: string): string {
  const t = words()
  const key = `errors.${code}` as `errors.${keyof Messages['errors']}`
  return t.has(key) ? t(key) : said || t('errors.unforeseen')
}

/** What to tell about anything that was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof Failure ? error.message : inWords('INTERNAL_SERVER_ERROR')
}
