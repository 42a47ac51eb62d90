import { errors } from './de/errors.ts'
import { titles } from './de/titles.ts'

/** All words of the pages in German, each area in a file of its own. */
export const messages = { errors, titles } as const
