/** The languages in which all words exist that this server says to people: in letters, and in ChatKit. */
export const languages = ['en', 'de'] as const
export type Language = (typeof languages)[number]

/** The one of them that the request likes best (`accept-language`); English when it likes none. */
export function languageOf(headers: Headers | undefined): Language {
  const wishes = (headers?.get('accept-language') ?? '').slice(0, 500).split(',')
  const weighed = wishes.map((wish) => {
    const [tag = '', weight] = wish.split(';')
    const language = languages.find((it) => it === tag.trim().toLowerCase().split('-')[0])
    return { language, weight: weight ? Number(weight.split('=')[1]) || 0 : 1 }
  })
  const liked = weighed.filter(({ language, weight }) => language && weight > 0)
  return liked.sort((a, b) => b.weight - a.weight)[0]?.language ?? 'en'
}
