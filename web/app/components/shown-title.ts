import { useTranslations } from 'use-intl'

/** What the API calls a conversation that nobody has named yet. */
const unnamed = 'New conversation'

/** Titles as they are shown: one that nobody gave is in the language of the page. */
export function useShownTitle(): (title: string) => string {
  const t = useTranslations('frame')
  return (title) => (title === unnamed ? t('unnamed') : title)
}
