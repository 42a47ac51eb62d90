import type { MailWords } from './mail-words.ts'
import type { Mail } from './mailer.ts'

/** How long a link to choose a new password is good. */
export const resetLinkMinutes = 30

/** How long a link that confirms an address is good. */
export const confirmLinkMinutes = 60

type Reader = { name: string; email: string }

/** The page on which a new password is chosen. */
export const resetLink = (url: string, token: string) => `${url}/reset-password?token=${encodeURIComponent(token)}`

export function resetMail({ hello, reset }: MailWords, { name, email }: Reader, link: string): Mail {
  return {
    to: email,
    subject: reset.subject,
    text: letter(hello(line(name)), reset.what, link, reset.howLong(resetLinkMinutes), reset.otherwise),
  }
}

export function confirmMail({ hello, confirm }: MailWords, { name, email }: Reader, link: string): Mail {
  return {
    to: email,
    subject: confirm.subject,
    text: letter(hello(line(name)), confirm.what, link, confirm.howLong(confirmLinkMinutes)),
  }
}

/** To the address as it still is: whoever reads there must hear of it. */
export function addressChangeMail({ hello, change }: MailWords, { name, email }: Reader, next: string): Mail {
  return {
    to: email,
    subject: change.subject,
    text: letter(hello(line(name)), change.what(line(next)), change.otherwise),
  }
}

const letter = (...paragraphs: string[]) => `${paragraphs.join('\n\n')}\n`

/** A name cannot add lines, and with them links, of its own to a letter from us. */
const line = (text: string) => text.replace(/\s+/g, ' ').replace(/https?:\/\/|www\./gi, '')
