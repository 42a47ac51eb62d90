import { useTranslations } from 'use-intl'
import { useLanguageChoice } from '~/language.tsx'
import { languages, nameOfLanguage } from '~/messages/languages.ts'

/** The language of the pages, for who is not signed in yet. */
export function LanguageSelect() {
  const t = useTranslations('common')
  const [language, choose] = useLanguageChoice()
  return (
    <select
      value={language}
      onChange={(event) => choose(languages.find((it) => it === event.target.value) ?? language)}
      aria-label={t('language')}
      className="h-9 rounded-lg border border-line bg-raised px-2 text-sm text-muted hover:text-ink"
    >
      {languages.map((it) => (
        <option key={it} value={it} lang={it}>
          {nameOfLanguage[it]}
        </option>
      ))}
    </select>
  )
}
