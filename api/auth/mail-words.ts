import { type Language, languageOf } from '../language.ts'

const en = {
  hello: (name: string) => `Hello ${name},`,
  reset: {
    subject: 'Choose a new password',
    what: 'Somebody, probably you, forgot the password of your Parley account. Choose a new one here:',
    howLong: (minutes: number) =>
      `The link works once, for ${minutes} minutes. Everybody who is signed in to the account is then signed out.`,
    otherwise: 'If it was not you, do nothing: your password stays as it is.',
  },
  confirm: {
    subject: 'Confirm your e-mail address',
    what: 'From now on you want to sign in to Parley with this address. Confirm that it is yours:',
    howLong: (minutes: number) => `The link works for ${minutes} minutes. If it was not you, do nothing.`,
  },
  change: {
    subject: 'Your e-mail address is about to change',
    what: (next: string) =>
      `Somebody who is signed in to your Parley account, and knows its password, wants to change its address to ${next}.`,
    otherwise: 'If it was you, open the link in the letter that went there. If it was not, choose a new password now.',
  },
}

/** All that our letters say. English is the shape, and another language has to satisfy it. */
export type MailWords = typeof en

const de: MailWords = {
  hello: (name) => `Hallo ${name},`,
  reset: {
    subject: 'Ein neues Passwort wählen',
    what: 'Jemand, wohl du selbst, hat das Passwort deines Parley-Kontos vergessen. Hier wählst du ein neues:',
    howLong: (minutes) =>
      `Der Link gilt einmal, ${minutes} Minuten lang. Wer im Konto angemeldet ist, wird dann überall abgemeldet.`,
    otherwise: 'Wenn du es nicht warst, tu nichts: Dein Passwort bleibt, wie es ist.',
  },
  confirm: {
    subject: 'Deine E-Mail-Adresse bestätigen',
    what: 'Du willst dich von nun an mit dieser Adresse bei Parley anmelden. Bestätige, dass sie deine ist:',
    howLong: (minutes) => `Der Link gilt ${minutes} Minuten lang. Wenn du es nicht warst, tu nichts.`,
  },
  change: {
    subject: 'Deine E-Mail-Adresse soll sich ändern',
    what: (next) =>
      `Jemand, der in deinem Parley-Konto angemeldet ist und sein Passwort kennt, will die Adresse ändern, in ${next}.`,
    otherwise:
      'Wenn du es warst, öffne den Link in der Mail, die dorthin ging. Wenn nicht, wähle jetzt ein neues Passwort.',
  },
}

const words: Record<Language, MailWords> = { en, de }

/** In the language that the request likes best (`accept-language`), else in English. */
export const mailWords = (request: Request | undefined): MailWords => words[languageOf(request?.headers)]
