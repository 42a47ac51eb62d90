import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { downTo, focusedName, tabTo } from '../support/keyboard.ts'
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
  // The address is there before the page is.
  await page.getByText('No tasks yet').waitFor()

  await page.keyboard.press('Control+Shift+O')
  await page.waitForURL('**/dashboard/chat')
  await typeInto(page, 'Message', 'Add "buy oat milk" for Friday')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/dashboard\/chat\/conv_\w+$/)
  await page.getByText('The answer is complete.').waitFor()

  await page.keyboard.press('Control+k')
  await page.waitForURL('**/dashboard/history')
  await expect.poll(() => focusedName(page)).toBe('Search')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Control+k')
  expect(await focusedName(page)).toBe('Search')
  await page.keyboard.type('oat milk')
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
  await expect.poll(() => focusedName(page), { message: 'what opened the dialog' }).toBe('New key')
  await tabTo(page, 'Revoke Nightly report')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await tabTo(page, 'Revoke')
  await page.keyboard.press('Enter')
  await page.getByText('No keys yet').waitFor()
  await expect.poll(() => focusedName(page), { message: 'the row is gone' }).toBe('API keys')

  await chooseInMenu(page, 'Keyboard')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
  await page.keyboard.press('Escape')
  await expect.poll(() => focusedName(page), { message: 'what opened the menu' }).toBe('AAdaada@example.test')

  const options = /^Options for /
  const row = await page.getByRole('button', { name: options }).getAttribute('aria-label')
  for (const entry of ['Rename', 'Pin']) {
    await tabTo(page, `${row}`)
    await page.keyboard.press('Enter')
    await downTo(page, entry)
    await page.keyboard.press('Enter')
    if (entry === 'Rename') {
      await page.getByRole('dialog').waitFor()
      await page.keyboard.press('Escape')
    } else await page.getByRole('heading', { name: 'Pinned' }).waitFor()
    await expect.poll(() => focusedName(page), { message: entry }).toBe(row)
  }
  await page.setViewportSize({ width: 390, height: 844 })
  await tabTo(page, 'Open the menu')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await expect.poll(() => focusedName(page)).toBe('Open the menu')
  await page.setViewportSize({ width: 1280, height: 800 })

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
