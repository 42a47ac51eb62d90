import type { Mail } from './mailer.ts'

/** How long a link to choose a new password is good. */
export const resetLinkMinutes = 30

/** How long a link that confirms an address is good. */
export const confirmLinkMinutes = 60

type Reader = { name: string; email: string }

/** The page on which a new password is chosen. */
export const resetLink = (url: string, token: string) => `${url}/reset-password?token=${encodeURIComponent(token)}`

export function resetMail({ name, email }: Reader, link: string): Mail {
  return {
    to: email,
    subject: 'Choose a new password',
    text: letter(
      `Hello ${line(name)},`,
      'Somebody, probably you, forgot the password of your Parley account. Choose a new one here:',
      link,
      `The link works once, for ${resetLinkMinutes} minutes. Everybody who is signed in to the account is then signed out.`,
      'If it was not you, do nothing: your password stays as it is.',
    ),
  }
}

export function confirmMail({ name, email }: Reader, link: string): Mail {
  return {
    to: email,
    subject: 'Confirm your e-mail address',
    text: letter(
      `Hello ${line(name)},`,
      'From now on you want to sign in to Parley with this address. Confirm that it is yours:',
      link,
      `The link works for ${confirmLinkMinutes} minutes. If it was not you, do nothing.`,
    ),
  }
}

/** To the address as it still is: whoever reads there must hear of it. */
export function addressChangeMail({ name, email }: Reader, next: string): Mail {
  return {
    to: email,
    subject: 'Your e-mail address is about to change',
    text: letter(
      `Hello ${line(name)},`,
      `Somebody who is signed in to your Parley account, and knows its password, wants to change its address to ${line(next)}.`,
      'If it was you, open the link in the letter that went there. If it was not, choose a new password now.',
    ),
  }
}

const letter = (...paragraphs: string[]) => `${paragraphs.join('\n\n')}\n`

/** A name cannot add lines, and with them links, of its own to a letter from us. */
const line = (text: string) => text.replace(/\s+/g, ' ').replace(/https?:\/\/|www\./gi, '')
