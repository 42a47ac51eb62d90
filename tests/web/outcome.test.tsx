import type { ComponentProps } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { IntlProvider } from 'use-intl'
import { expect, test } from 'vitest'
import { LanguageProvider } from '../../web/app/language.tsx'
import { messages as german } from '../../web/app/messages/de.ts'
import { messages as english } from '../../web/app/messages/en.ts'
import { Outcome } from '../../web/app/routes/dashboard.chat.$id/outcome.tsx'

type Failure = NonNullable<ComponentProps<typeof Outcome>['run']['error']>

const words = { en: english as object, de: german }
const busy: Failure = {
  ...{ code: 'MODEL_RATE_LIMITED', retryable: true, waitSeconds: null },
  message: 'The model is busy right now.',
}
const usedUp = { ...busy, message: 'The model is not available at the moment.', retryable: false }

/** What the page says of a run that failed, as the server draws it. */
function said(error: Failure, language: 'en' | 'de'): string {
  const run = { id: 'run_1', status: 'FAILED', model: 'm', usage: null, error } as const
  return renderToStaticMarkup(
    <LanguageProvider value={language}>
      <IntlProvider locale={language} messages={words[language] as typeof english} timeZone="UTC">
        <Outcome run={run} newest={undefined} onAgain={() => {}} />
      </IntlProvider>
    </LanguageProvider>,
  ).replaceAll(/<[^>]+>/g, ' ')
}

test.each([
  [30, '30 Sekunden'],
  [150, '3 Minuten'],
  [3_600, '60 Minuten'],
  [86_400, '24 Stunden'],
])('a model that asks for %d seconds: the German page says so too', (waitSeconds, wait) => {
  expect(said({ ...busy, waitSeconds }, 'de')).toContain(
    `Das Modell ist gerade ausgelastet. Versuche es in ${wait} noch einmal.`,
  )
})

test('nothing is said of a time that nobody knows', () => {
  expect(said(busy, 'de')).toMatch(/ausgelastet\. {2}/)
})

test('a used-up account does not sound as if it were just busy, and offers no other try', () => {
  expect(said(usedUp, 'de')).toContain('Das Modell ist zurzeit nicht verfügbar.')
  expect(said(usedUp, 'de')).not.toMatch(/ausgelastet|versuchen/)
})

test('the English page repeats what the server says, with the time that stands in it', () => {
  const message = 'The model is busy right now. It asks to wait for 60 minutes.'
  expect(said({ ...busy, message, waitSeconds: 3_600 }, 'en')).toContain(message)
  expect(said(usedUp, 'en')).toContain(usedUp.message)
})
