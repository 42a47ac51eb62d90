import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { expectAccessible, hydrated, openTab, visit } from '../support/page.ts'
import { startPages } from '../support/pages.ts'

const desktop = { width: 1280, height: 800 }
const phone = { width: 390, height: 844 }

test('German from the first paint on: signed up, asked, found, set; English on a click, without another page; from the right to the left; and the account goes', async () => {
  const { server, browser } = await startPages()
  const context = await browser.newContext({
    ...{ baseURL: server.url, locale: 'de-DE', timezoneId: 'Europe/Berlin', reducedMotion: 'reduce' },
    viewport: desktop,
  })
  await context.addCookies([{ name: 'parley-chat', value: 'panel', url: server.url }])
  const { page, problems } = await openTab(context)
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))

  // Before any script.
  const first = await fetch(`${server.url}/sign-up`, { headers: { 'accept-language': 'de-AT, en;q=0.5' } })
  const html = await first.text()
  expect(html).toMatch(/<html lang="de" dir="ltr"/)
  expect(html).toContain('<title>Konto anlegen · Parley</title>')

  await visit(page, '/sign-up')
  await expectAccessible(page)
  await page.getByLabel('Name').fill('Ada')
  await page.getByLabel('E-Mail').fill('ada@example.test')
  await page.getByLabel('Passwort').fill('correct horse battery staple')
  await page.getByRole('button', { name: 'Konto anlegen' }).click()
  await page.waitForURL('**/dashboard')
  await hydrated(page)
  await page.getByText('Noch keine Aufgaben').waitFor()
  await page.getByRole('textbox', { name: 'Neue Aufgabe' }).fill('Hafermilch kaufen')
  await page.keyboard.press('Enter')
  await page.getByText('Eine offene Aufgabe, heute ist nichts fällig.').waitFor()
  await expectAccessible(page)
  expect(
    asked.filter((it) => /\/assets\/en-/.test(it)),
    'nobody is sent a language that is not read',
  ).toEqual([])
  expect(await page.evaluate(async () => (await document.fonts.ready).check('16px "Inter Variable"'))).toBe(true)
  expect(asked.some((it) => /inter-latin-wght-normal.*\.woff2/.test(it))).toBe(true)

  // One that nobody has named is called so in the page’s language.
  const query = 'mutation { createConversation(input: {}) { conversation { id } } }'
  await page.request.post('/graphql', { headers: { origin: server.url }, data: { query } })
  await visit(page, '/dashboard/chat')
  await page.locator('a[href^="/dashboard/chat/conv_"]', { hasText: 'Neue Unterhaltung' }).first().waitFor()
  await page.getByText('Ich bin der Offline-Assistent').waitFor()
  await page.setViewportSize(phone)
  const message = page.getByRole('textbox', { name: 'Nachricht' })
  expect(await message.evaluate(placeholderFits), 'on a phone').toBe(true)
  await message.fill('a'.repeat(150_000))
  await page.getByText('Teile es in 3 Nachrichten.').waitFor()
  await message.fill('')
  await page.getByRole('button', { name: 'Zeig meine offenen Aufgaben' }).click()
  await page.getByText('Die Antwort ist fertig.').waitFor()
  const card = page.getByRole('article', { name: 'Werkzeug: Aufgaben ansehen' })
  expect(await card.innerText()).toContain('Erledigt')
  await card.locator('summary').click()
  const task = card.getByRole('listitem').filter({ hasText: 'Hafermilch kaufen' })
  expect(await task.innerText()).toContain('Offen')
  expect(await card.innerText()).not.toContain('task_')
  await page.getByRole('textbox', { name: 'Nachricht' }).fill('Delete the task Hafermilch')
  await page.keyboard.press('Enter')
  const asks = page.getByRole('article', { name: 'Werkzeug: Aufgabe löschen' })
  const heading = asks.locator('summary').getByText('Aufgabe löschen', { exact: true })
  expect(await heading.evaluate((it) => it.scrollWidth <= it.clientWidth), 'all of it').toBe(true)
  await asks.getByRole('button', { name: 'Ablehnen: Aufgabe löschen', exact: true }).click()
  await page.getByRole('log').getByText('You did not allow this call').waitFor()
  await page.setViewportSize(desktop)
  await page.reload()
  await hydrated(page)
  await expectAccessible(page)
  await mirrored(page)

  await visit(page, '/dashboard/history?q=milch')
  await page.getByText(/\d gefunden/).waitFor()
  await visit(page, '/dashboard/nirgends')
  await page.getByRole('heading', { name: 'Hier ist nichts' }).waitFor()
  await page.getByRole('link', { name: 'Verlauf' }).waitFor()

  await visit(page, '/dashboard/settings')
  await page.getByLabel('Bisheriges Passwort').fill('something else')
  await page.getByLabel('Neues Passwort').fill('another good password')
  await page.getByRole('button', { name: 'Passwort ändern' }).click()
  await page.getByText('Das bisherige Passwort stimmt nicht.').waitFor()
  await expectAccessible(page)
  const name = page.getByLabel('Name', { exact: true })
  await name.fill('Ada, halb geändert')
  await page.getByText('English', { exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
  expect(await page.locator('html').getAttribute('lang')).toBe('en')
  expect(await page.title()).toBe('Settings · Parley')
  expect(await name.inputValue(), 'the page is the same one').toBe('Ada, halb geändert')
  await visit(page, '/dashboard')
  await page.getByRole('heading', { name: 'Tasks' }).waitFor()
  await mirrored(page)

  await visit(page, '/dashboard/settings')
  await page.getByRole('button', { name: /^Delete my account/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Password').fill('not this one')
  await dialog.getByRole('button', { name: 'Delete everything' }).click()
  await dialog.getByText('The current password is not right.').waitFor()
  await dialog.getByLabel('Password').fill('correct horse battery staple')
  await dialog.getByRole('button', { name: 'Delete everything' }).click()
  await page.waitForURL('**/sign-up')
  await hydrated(page)
  await visit(page, '/sign-in')
  await page.getByLabel('E-mail').fill('ada@example.test')
  await page.getByLabel('Password').fill('correct horse battery staple')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('E-mail and password do not match.').waitFor()

  // What was refused on purpose says so in the console too.
  expect(problems.filter((it) => !/status of 40[0-9]/.test(it))).toEqual([])
  expect(asked.filter((it) => !it.startsWith(server.url) && !it.startsWith('data:'))).toEqual([])
}, 600_000)

/** Whether all that stands in an empty field can be read. */
function placeholderFits(field: Element): boolean {
  const { font, paddingInlineStart, paddingInlineEnd } = getComputedStyle(field)
  const canvas = document.createElement('canvas').getContext('2d')
  if (!canvas) return false
  canvas.font = font
  const room = field.clientWidth - Number.parseFloat(paddingInlineStart) - Number.parseFloat(paddingInlineEnd)
  return canvas.measureText(field.getAttribute('placeholder') ?? '').width <= room
}

/** As it would lie in Arabic: everything on the other side, and nothing outside. */
async function mirrored(page: Page): Promise<void> {
  const turn = (to: string) => page.evaluate((dir) => document.documentElement.setAttribute('dir', dir), to)
  await turn('rtl')
  const sidebar = await page.getByRole('complementary').first().boundingBox()
  expect(sidebar?.x, 'the sidebar is at the right').toBeGreaterThan(640)
  await expectAccessible(page)
  await turn('ltr')
}
