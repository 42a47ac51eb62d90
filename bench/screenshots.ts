import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../tests/support/browser.ts'
import { messages as german } from '../web/app/messages/de.ts'
import { messages as english } from '../web/app/messages/en.ts'
import type { Messages, Translated } from '../web/app/messages/shape.ts'

type Language = 'en' | 'de'
type Words = Translated<Messages>

const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }

/** All that is taken; what the docs show is in docs/images too. */
const everything = 'screenshots'

/**
 * `npm run screenshots`: starts Parley on its own data with the offline assistant, uses it as a person would, and writes
 * each page and state, English and German, in both themes, on a desktop and on a phone, to screenshots/; and those of the
 * docs to docs/images.
 */
async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-screenshots-'))
  const url = 'http://localhost:3760'
  // Nothing of what the shell has set: the pictures show what everybody gets.
  const { PATH, HOME } = process.env
  const settings = { PORT: '3760', PARLEY_URL: url, PARLEY_DATA_DIR: dataDir, PARLEY_MCP_CONFIG: '' }
  const env: Record<string, string | undefined> = { PATH, HOME, ...settings }
  const server = spawn(process.execPath, ['api/main.ts'], {
    env: env as NodeJS.ProcessEnv, // Remix's types want NODE_ENV, which a person at a shell does not set
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const gone = once(server, 'exit')
  const browser = await launchBrowser()
  try {
    await Promise.race([ready(url), gone.then(() => Promise.reject(new Error('The server did not start.')))])
    await takeAll(browser, url)
  } finally {
    await browser.close()
    server.kill()
    await gone
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function ready(url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => null)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Every page and state of the English pages and of the German ones. */
async function takeAll(browser: Browser, url: string): Promise<void> {
  for (const language of ['en', 'de'] as const) {
    const context = await browser.newContext({
      ...{ baseURL: url, viewport: sizes.desktop, reducedMotion: 'reduce' },
      ...{ locale: { en: 'en-GB', de: 'de-DE' }[language], timezoneId: 'Europe/London' },
    })
    // Without their script the built-in panel serves, and nothing is asked of another host.
    await context.addCookies([{ name: 'parley-chat', value: 'panel', url }])
    await walk(await context.newPage(), language)
    await context.close()
  }
}

async function walk(page: Page, language: Language): Promise<void> {
  const take = (name: string, options?: { docs?: boolean; whole?: boolean }) => takeOne(page, language, name, options)
  const words = language === 'de' ? german : english
  await visit(page, '/sign-in')
  await take('sign-in')
  await visit(page, '/forgot-password')
  await take('forgot-password')
  await visit(page, '/sign-up')
  await take('sign-up', { docs: true })
  await page.locator('[name=name]').fill('Ada')
  await page.locator('[name=email]').fill(`ada-${language}@example.com`)
  await page.locator('[name=password]').fill('correct horse battery staple')
  await page.getByRole('button', { name: words.auth.createAccount, exact: true }).click()
  await page.waitForURL('**/dashboard')
  await hydrated(page)
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
  await page.getByRole('heading', { level: 1, name: 'New conversation' }).waitFor({ state: 'detached' })
}

async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await hydrated(page)
}

const hydrated = (page: Page) => page.locator('html[data-hydrated]').waitFor({ state: 'attached' })

/** Once in each size and theme; the English desktop ones are also those of the docs, where they are wanted there. */
async function takeOne(
  page: Page,
  language: Language,
  name: string,
  { docs = false, whole = false } = {},
): Promise<void> {
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

await main()
