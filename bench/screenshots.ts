import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../tests/support/browser.ts'

/**
 * `npm run screenshots`: starts Parley on its own data with the offline assistant, uses it as a person would, and writes
 * each page in both themes to docs/images, 1280 by 800.
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

async function takeAll(browser: Browser, url: string): Promise<void> {
  const context = await browser.newContext({
    ...{ baseURL: url, viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' },
    ...{ locale: 'en-GB', timezoneId: 'Europe/London' },
  })
  // Without their script the built-in panel serves, and nothing is asked of another host.
  await context.addCookies([{ name: 'parley-chat', value: 'panel', url }])
  const page = await context.newPage()

  await visit(page, '/sign-up')
  await take(page, 'sign-up')
  await page.getByLabel('Name').fill('Ada')
  await page.getByLabel('E-mail').fill('ada@example.com')
  await page.getByLabel('Password').fill('correct horse battery staple')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL('**/dashboard')

  await ask(page, 'Add "water the plants" for tomorrow and "call the plumber"')
  await ask(page, 'Delete the task "call the plumber"', { answered: false })
  await page.getByText('Waiting for your approval').waitFor()
  await take(page, 'approval')
  await page.getByRole('button', { name: /^Deny/ }).click()
  await answered(page)
  await ask(page, 'Add "buy oat milk" for Friday, then show my open tasks.')
  await page.mouse.move(0, 0)
  await take(page, 'chat')
  await page.getByRole('region', { name: 'Tool: List tasks' }).locator('summary').click()
  await take(page, 'tool-result')

  await visit(page, '/dashboard')
  await take(page, 'dashboard')
  await visit(page, '/dashboard/history?q=milk')
  await take(page, 'history')
  await visit(page, '/dashboard/settings')
  await page.locator('#appearance').scrollIntoViewIfNeeded()
  await page.locator('[data-server="tasks"] summary').click()
  await page.locator('#api-keys').evaluate((it) => it.scrollIntoView())
  await take(page, 'settings')
}

async function ask(page: Page, question: string, options = { answered: true }): Promise<void> {
  await visit(page, '/dashboard/chat')
  await page.getByRole('textbox', { name: 'Message' }).fill(question)
  await page.keyboard.press('Enter')
  if (options.answered) await answered(page)
}

/** Complete, and with its title: that comes a moment later. */
async function answered(page: Page): Promise<void> {
  await page.getByText('The answer is complete.').waitFor()
  await page.getByRole('heading', { level: 1, name: 'New conversation' }).waitFor({ state: 'detached' })
}

async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' })
}

/** Once in each theme. */
async function take(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: `docs/images/${name}-${colorScheme}.png` })
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

await main()
