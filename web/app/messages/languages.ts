/** The languages in which all words of the pages exist. */
export const languages = ['en', 'de'] as const
export type Language = (typeof languages)[number]

/** How each calls itself, and what its dates and numbers look like. */
export const nameOfLanguage: Record<Language, string> = { en: 'English', de: 'Deutsch' }
export const formatsOfLanguage: Record<Language, string> = { en: 'en-GB', de: 'de-DE' }

/** The cookie in which the choice is kept: the server writes the first paint with it. */
export const languageCookie = 'parley-language'

const rightToLeft = new Set(['ar', 'fa', 'he', 'ur'])

/** To which side a language is written. */
export const directionOf = (language: string): 'ltr' | 'rtl' => (rightToLeft.has(language) ? 'rtl' : 'ltr')

/** The language that was chosen; else what the browser likes best of those that there are. */
export function languageOf(headers: Headers): Language {
  const chosen = new RegExp(`(?:^|; )${languageCookie}=(\\w+)`).exec(headers.get('cookie') ?? '')?.[1]
  return known(chosen) ?? liked(headers.get('accept-language') ?? '') ?? 'en'
}

const known = (tag: string | undefined) => languages.find((it) => it === tag?.trim().toLowerCase().split('-')[0])

function liked(accepted: string): Language | undefined {
  const wishes = accepted.slice(0, 500).split(',')
  const weighed = wishes.map((wish) => {
    const [tag, weight] = wish.split(';')
    return { language: known(tag), weight: weight ? Number(weight.split('=')[1]) || 0 : 1 }
  })
  return weighed.filter(({ language, weight }) => language && weight > 0).sort((a, b) => b.weight - a.weight)[0]
    ?.language
}
