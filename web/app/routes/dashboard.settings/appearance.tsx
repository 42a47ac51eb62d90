import { useSyncExternalStore } from 'react'
import { useTranslations } from 'use-intl'
import { useLanguageChoice } from '~/language.tsx'
import { languages, nameOfLanguage } from '~/messages/languages.ts'
import {
  chooseSurface,
  type SurfaceChoice,
  shownSurface,
  watchSurface,
} from '~/routes/dashboard.chat/surface-choice.ts'
import { chooseTheme, useTheme } from '~/theme.ts'
import { Choice } from './choice.tsx'
import { Card, Section } from './section.tsx'

/** What the pages look like, and which chat is on them. Kept in this browser. */
export function Appearance() {
  const t = useTranslations('settings')
  const common = useTranslations('common')
  const [language, chooseLanguage] = useLanguageChoice()
  const theme = useTheme()
  const surface = useSyncExternalStore<SurfaceChoice>(watchSurface, shownSurface, () => 'chatkit')
  return (
    <Section id="appearance" title={t('appearance')} lead={t('keptHere')}>
      <Card>
        <div className="space-y-5">
          <Choice
            legend={t('theme')}
            value={theme}
            onChange={chooseTheme}
            options={[
              { value: 'system', label: t('likeDevice') },
              { value: 'light', label: t('light') },
              { value: 'dark', label: t('dark') },
            ]}
          />
          <Choice
            legend={common('language')}
            value={language}
            onChange={chooseLanguage}
            options={languages.map((value) => ({ value, label: nameOfLanguage[value], lang: value }))}
          />
          <Choice
            legend={t('chat')}
            value={surface}
            onChange={chooseSurface}
            options={[
              { value: 'chatkit', label: 'ChatKit', hint: t('chatkitHint') },
              { value: 'panel', label: t('ownChat'), hint: t('ownChatHint') },
            ]}
          />
        </div>
      </Card>
    </Section>
  )
}
