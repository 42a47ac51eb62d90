import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { downTo, tabTo } from '../support/keyboard.ts'
import { hydrated, openBrowser, openTab, visit } from '../support/page.ts'
import { startPages } from '../support/pages.ts'

test('by keyboard alone: sign up, ask, search, make a key, sign out', async () => {
  const { server, browser } = await startPages()
  const { page, problems } = await openTab(await openBrowser(browser, server.url))

  await visit(page, '/sign-up')
  await typeInto(page, 'Name', 'Ada')
  await typeInto(page, 'E-mail', 'ada@example.test')
  await typeInto(page, 'Password', 'correct horse battery staple')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/dashboard')
  await hydrated(page)

  await page.keyboard.press('Control+Shift+O')
  await page.waitForURL('**/dashboard/chat')
  await typeInto(page, 'Message', 'Add "buy oat milk" for Friday')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/dashboard\/chat\/conv_\w+$/)
  await page.getByText('The answer is complete.').waitFor()

  await page.keyboard.press('Control+k')
  await page.waitForURL('**/dashboard/history')
  await typeInto(page, 'Search', 'oat milk')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/dashboard/history?q=*')
  await page.getByRole('main').locator('mark').first().waitFor()

  await chooseInMenu(page, 'Settings')
  await page.waitForURL('**/dashboard/settings')
  await tabTo(page, 'New key')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await typeInto(page, 'Name', 'Nightly report')
  await tabTo(page, 'Read tasks')
  await page.keyboard.press('Space')
  await tabTo(page, 'Make the key')
  await page.keyboard.press('Enter')
  await tabTo(page, 'Done')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Revoke Nightly report' }).waitFor()

  await chooseInMenu(page, 'Sign out')
  await page.waitForURL('**/sign-in**')
  expect(problems).toEqual([])
}, 300_000)

async function typeInto(page: Page, label: string, text: string): Promise<void> {
  await tabTo(page, label)
  await page.keyboard.type(text)
}

/** The menu of who is signed in, from wherever the focus is. */
async function chooseInMenu(page: Page, name: string): Promise<void> {
  await tabTo(page, 'AAdaada@example.test')
  await page.keyboard.press('Enter')
  await downTo(page, name)
  await page.keyboard.press('Enter')
}
