import { errors } from './en/errors.ts'
import { titles } from './en/titles.ts'

/** All words of the pages in English, each area in a file of its own. */
export const messages = { errors, titles } as const
