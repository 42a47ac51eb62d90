import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import { ifItFails } from './cleaning.ts'

const chatkitHost = 'cdn.platform.openai.com'

const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }
const themes = ['light', 'dark'] as const

/** A person's browser: cookies of its own. ChatKit's host is out of reach, so the built-in panel serves. */
export async function openBrowser(browser: Browser, url: string): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: url, viewport: sizes.desktop, reducedMotion: 'reduce' })
  await context.route(`https://${chatkitHost}/**`, (route) => route.abort())
  return context
}

/** A tab, and everything in it that should not be: errors in the console, uncaught ones, answers of 500 and above. */
export async function openTab(context: BrowserContext): Promise<{ page: Page; problems: string[] }> {
  const page = await context.newPage()
  const problems: string[] = []
  page.on('console', (message) => {
    const { url } = message.location()
    if (['error', 'warning'].includes(message.type()) && !url.includes(chatkitHost))
      problems.push(`${message.type()}: ${message.text()} (${url})`)
  })
  page.on('pageerror', (error) => problems.push(String(error.stack ?? error)))
  page.on('response', (response) => {
    if (response.status() >= 500) problems.push(`${response.status()} ${response.url()}`)
  })
  ifItFails(() => console.error(page.url(), problems))
  return { page, problems }
}

/** Something of ours answers for ChatKit's host: its script is played, see chatkit-standin.js. */
export async function playChatKit(context: BrowserContext): Promise<void> {
  await context.unroute(`https://${chatkitHost}/**`)
  await context.route(`https://${chatkitHost}/**`, (route) =>
    route.fulfill({ path: 'tests/support/chatkit-standin.js', contentType: 'text/javascript' }),
  )
}

/** A new person at this browser. Ends on the dashboard. */
export async function signUp(page: Page, name: string): Promise<void> {
  await visit(page, '/sign-up')
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('E-mail').fill(`${name.toLowerCase()}@example.test`)
  await page.getByLabel('Password').fill('correct horse battery staple')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL('**/dashboard')
  await hydrated(page)
}

/** Goes to a page and waits until React has taken it over: before that, what is typed gets lost. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await hydrated(page)
}

export async function hydrated(page: Page): Promise<void> {
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' })
}

/** WCAG 2.2 AA by axe, and nothing to scroll sideways: in both themes, on a desktop and on a phone. */
export async function expectAccessible(page: Page): Promise<void> {
  const found: string[] = []
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport)
    if (await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth))
      found.push(`${size}: wider than the screen`)
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme })
      for (const violation of await violations(page)) found.push(`${size}, ${colorScheme}: ${violation}`)
    }
  }
  await page.setViewportSize(sizes.desktop)
  await page.emulateMedia({ colorScheme: 'light' })
  expect.soft(found, new URL(page.url()).pathname).toEqual([])
}

async function violations(page: Page): Promise<string[]> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const results = await new AxeBuilder({ page }).withTags(tags).analyze()
  return results.violations.map(({ id, help, nodes }) => `${id}: ${help} ${nodes.map((it) => it.target).join(' ; ')}`)
}
