import { z } from 'zod'
import type { Said } from './saying.ts'

const longAgo = -62_135_596_800_000 // year 1
const farAhead = 253_402_300_799_999 // year 9999

/** A time in milliseconds. */
export const milliseconds = z
  .number()
  .transform((ms) => Math.trunc(ms))
  .refine((ms) => ms >= longAgo && ms <= farAhead, 'is not a time')
  .transform((ms) => new Date(ms))

/** A time in seconds, with or without a fraction. */
export const seconds = z
  .number()
  .transform((s) => s * 1_000)
  .pipe(milliseconds)

/** A time as text. */
export const iso = z
  .string()
  .transform((text) => Date.parse(text))
  .pipe(milliseconds)

export const id = z.string().min(1).max(100)

/** What is good to have: when it is not as expected it is left out, and nothing else is lost for it. */
export const optional = <T extends z.ZodType>(type: T) => type.nullish().catch(null)

const roles: Record<string, Said['role']> = {
  user: 'USER',
  human: 'USER',
  assistant: 'ASSISTANT',
  system: 'SYSTEM',
}

/** Null for a role that is not shown, and when there is nothing to show. */
export function said(role: string, content: string, more: Omit<Said, 'role' | 'content'> = {}): Said | null {
  const known = Object.hasOwn(roles, role) ? roles[role] : undefined
  const isEmpty = content.trim() === '' && !more.calls?.length && !more.files?.length
  return known && !isEmpty ? { role: known, content, ...more } : null
}

/** What remains of a file that is not in the export: that there was one, and its name. */
export function namedFile(name: string | null | undefined): string {
  const shown = (name ?? '').replace(/[`\s]+/g, ' ').trim()
  return shown === '' ? '*(a file)*' : `*(a file: \`${shown}\`)*`
}

/** Texts one below the other; what is empty is left out. */
export const joined = (parts: readonly (string | null | undefined)[]) =>
  parts.filter((it) => it != null && it.trim() !== '').join('\n\n')

/** Arguments and results as text, in whichever way they are written down. */
export const asText = (value: unknown): string =>
  value == null ? '' : typeof value === 'string' ? value : JSON.stringify(value)
