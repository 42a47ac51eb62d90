import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { messages as german } from '../web/app/messages/de.ts'
import { messages as english } from '../web/app/messages/en.ts'
import type { Messages, Translated } from '../web/app/messages/shape.ts'

export type Language = 'en' | 'de'
export type Words = Translated<Messages>

export const wordsOf = (language: Language): Words => (language === 'de' ? german : english)

export const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }

/** All that is taken; what the docs show is in docs/images too. */
export const everything = 'screenshots'

/** Goes to a page and waits until it can be used. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await hydrated(page)
}

const hydrated = (page: Page) => page.locator('html[data-hydrated]').waitFor({ state: 'attached' })

/** Makes an account by the page for it. Ends on the dashboard. */
export async function signUp(page: Page, language: Language): Promise<void> {
  await page.locator('[name=name]').fill('Ada')
  await page.locator('[name=email]').fill(`ada-${language}@example.com`)
  await page.locator('[name=password]').fill('correct horse battery staple')
  await page.getByRole('button', { name: wordsOf(language).auth.createAccount, exact: true }).click()
  await page.waitForURL('**/dashboard')
  await hydrated(page)
}

/** Once in each size and theme; the English desktop ones are also those of the docs, where they are wanted there. */
export async function takeOne(
  page: Page,
  language: Language,
  name: string,
  { docs = false, whole = false } = {},
): Promise<void> {
  // For a moment each page says that it connects.
  await page.getByText(wordsOf(language).connection.connecting, { exact: true }).first().waitFor({ state: 'hidden' })
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(whole ? { ...viewport, height: 3600 } : viewport)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(everything, `${name}-${language}-${size}-${colorScheme}.png`) })
      if (docs && size === 'desktop' && language === 'en')
        await page.screenshot({ path: `docs/images/${name}-${colorScheme}.png` })
    }
  }
  await page.setViewportSize(sizes.desktop)
  await page.emulateMedia({ colorScheme: 'light' })
}
