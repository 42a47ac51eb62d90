import type { Limits } from '../limits.ts'
import { addressKey } from './client-address.ts'
import { Tries } from './tries.ts'

export type SignInLimits = Pick<
  Limits,
  'signInsPerMinute' | 'signInsPerAddressPerMinute' | 'signUpsPerHour' | 'resetsPerHour'
>

const minute = 60_000
const hour = 60 * minute

/** What a request to the routes of sign-in tries. */
export type Try = {
  path: string
  /** Of the body, as it was sent. */
  email: unknown
  /** Whose session it comes with, however its cookie is dressed up. Asked only where it matters. */
  user(): Promise<string | null>
  address: string | undefined
}

/**
 * Counts what could guess a password, flood the sign-up or fill a mailbox: per account, so that it does not help to come
 * from many addresses, and per address, so that it does not help to try many accounts. Whatever else comes without a
 * session counts among the strangers of its address. Rejects with RATE_LIMITED.
 */
export function createSignInLimits(limits: SignInLimits, strangers: Tries): (tried: Try) => Promise<void> {
  const tries = (name: keyof SignInLimits, windowMs: number) => new Tries(name, limits[name], windowMs)
  const perAccount = tries('signInsPerMinute', minute)
  const perAddress = tries('signInsPerAddressPerMinute', minute)
  const signUps = tries('signUpsPerHour', hour)
  const resets = tries('resetsPerHour', hour)
  return async ({ path, email, user, address }) => {
    const from = addressKey(address ?? '')
    const account = typeof email === 'string' ? email.trim().toLowerCase() : null
    const route = plainPath(path)
    if (/\/sign-in\/|\/reset-password/.test(route)) {
      perAddress.note(from)
      if (account !== null) perAccount.note(account)
    } else if (/\/(change-password|verify-password|set-password|change-email|delete-user)$/.test(route)) {
      perAddress.note(from)
      const id = await user()
      if (id !== null) perAccount.note(`user ${id}`)
    } else if (/\/sign-up\//.test(route)) {
      signUps.note(from)
    } else if (/\/(forget-password|request-password-reset|send-verification-email)/.test(route)) {
      perAddress.note(from)
      if (account !== null) resets.note(account)
    } else if (address !== undefined && !asksPages.test(route) && (await user()) === null) {
      strangers.note(from)
    }
  }
}

/** What every page asks before it is shown, also to those who are not signed in. */
const asksPages = /\/(get-session|options)$/

/** However it is spelled: `//sign-in///email/`, `/Sign-In/email`, `/sign%2Din/email`. */
function plainPath(path: string): string {
  return decoded(path).toLowerCase().replace(/\/+/g, '/').replace(/\/$/, '')
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
