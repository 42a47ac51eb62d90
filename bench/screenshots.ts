import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser } from '../tests/support/browser.ts'
import { startParley } from './parley-server.ts'
import { everything, type Language, signUp, sizes, takeOne, visit, type Words, wordsOf } from './pictures.ts'
import { takeStates } from './screenshot-states.ts'

/**
 * `npm run screenshots`: starts Parley on its own data, uses it as a person would, with the offline assistant and with a
 * model on a script, and writes each page and state, English and German, in both themes, on a desktop and on a phone, to
 * screenshots/; and those of the docs to docs/images.
 */
async function main(): Promise<void> {
  const browser = await launchBrowser()
  const parley = await startParley(3760)
  try {
    for (const language of ['en', 'de'] as const) {
      const context = await newContext(browser, parley.url, language)
      await walk(await context.newPage(), language)
      await context.close()
      await takeStates(browser, language, newContext)
    }
  } finally {
    await browser.close()
    await parley.close()
  }
}

async function newContext(browser: Browser, url: string, language: Language): Promise<BrowserContext> {
  const context = await browser.newContext({
    ...{ baseURL: url, viewport: sizes.desktop, reducedMotion: 'reduce' },
    ...{ locale: { en: 'en-GB', de: 'de-DE' }[language], timezoneId: 'Europe/London' },
  })
  // Without their script the built-in panel serves, and nothing is asked of another host.
  await context.addCookies([{ name: 'parley-chat', value: 'panel', url }])
  return context
}

async function walk(page: Page, language: Language): Promise<void> {
  const take = (name: string, options?: { docs?: boolean; whole?: boolean }) => takeOne(page, language, name, options)
  const words = wordsOf(language)
  await visit(page, '/sign-in')
  await take('sign-in')
  await visit(page, '/forgot-password')
  await take('forgot-password')
  await visit(page, '/sign-up')
  await take('sign-up', { docs: true })
  await signUp(page, language)
  await take('dashboard-first')
  await visit(page, '/dashboard/history')
  await take('history-first')
  await visit(page, '/dashboard/chat')
  await take('chat-new')

  // The offline assistant understands English.
  await ask(page, words, 'Add "water the plants" for tomorrow and "call the plumber"')
  await ask(page, words, 'Delete the task "call the plumber"', { answered: false })
  await page.getByRole('button', { name: new RegExp(`^${words.tools.deny}`) }).waitFor()
  await take('approval', { docs: true })
  await page.getByRole('button', { name: new RegExp(`^${words.tools.deny}`) }).click()
  await answered(page, words)
  await ask(page, words, 'Add "buy oat milk" for Friday, then show my open tasks.')
  await page.mouse.move(0, 0)
  await take('chat', { docs: true })
  const listing = words.tools.card.replace('{title}', words.tools.names.list_tasks)
  await page.getByRole('article', { name: listing }).locator('summary').click()
  await take('tool-result', { docs: true })
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  await take('keyboard')
  await visit(page, '/dashboard/chat/conv_01hzzzzzzzzzzzzzzzzzzzzzzz')
  await take('not-found')

  await visit(page, '/dashboard')
  await take('dashboard', { docs: true })
  await page.setViewportSize(sizes.phone)
  await page.getByRole('button', { name: words.frame.openMenu }).click()
  await page.getByRole('dialog').waitFor()
  await page.screenshot({ path: join(everything, `menu-${language}-phone-light.png`) })
  await page.setViewportSize(sizes.desktop)
  await visit(page, '/dashboard/history')
  await take('history-list')
  await visit(page, '/dashboard/history?q=milk')
  await take('history', { docs: true })
  await visit(page, '/dashboard/history?q=nowhere')
  await take('history-nothing')
  await visit(page, '/dashboard/settings')
  await take('settings-whole', { whole: true })
  await page.locator('[data-server="tasks"] summary').click()
  await page.locator('#api-keys').evaluate((it) => it.scrollIntoView())
  await take('settings', { docs: true })
  await page.getByRole('button', { name: words.settings.newKey }).click()
  await page.getByRole('dialog').waitFor()
  await take('new-key')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: words.settings.deleteAccount }).click()
  await page.getByRole('dialog').waitFor()
  await take('delete-account')
}

async function ask(page: Page, words: Words, question: string, options = { answered: true }): Promise<void> {
  await visit(page, '/dashboard/chat')
  await page.getByRole('textbox', { name: words.chat.message }).fill(question)
  await page.keyboard.press('Enter')
  if (options.answered) await answered(page, words)
}

/** Complete, and with its title: that comes a moment later. */
async function answered(page: Page, words: Words): Promise<void> {
  await page.getByText(words.chat.says.COMPLETED).waitFor()
  await page.getByRole('heading', { level: 1, name: words.frame.unnamed }).waitFor({ state: 'detached' })
}

await main()
