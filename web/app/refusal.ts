import type { Words } from './language.tsx'
import type { Messages } from './messages/shape.ts'

/** Why Better Auth did not do what was asked, as a sentence in the language of `t`. */
export function refusalInWords(
  t: Words,
  status: number,
  { code, message }: { code?: unknown; message?: unknown },
): string {
  if (status === 429) return t('auth.refusals.tooMany')
  if (status >= 500) return t('auth.refusals.unavailable')
  const key = `auth.refusals.${code}` as `auth.refusals.${keyof Messages['auth']['refusals']}`
  if (typeof code === 'string' && t.has(key)) return t(key)
  return typeof message === 'string' ? `${message.replace(/\.$/, '')}.` : t('auth.refusals.unforeseen')
}
