import { readFileSync } from 'node:fs'
import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import { focusedName } from '../support/keyboard.ts'
import { expectAccessible, openBrowser, openTab, signUp, visit } from '../support/page.ts'
import { startPages } from '../support/pages.ts'

test('settings: a key opens what it says until it is revoked, the theme stays, a new password ends other sign-ins; conversations out and in; history: found, archived, deleted and taken back', async () => {
  const { server, browser } = await startPages()
  const { page, problems } = await openTab(await openBrowser(browser, server.url))
  await signUp(page, 'Ada')

  await visit(page, '/dashboard/settings')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'New key' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Nightly report')
  await dialog.getByRole('button', { name: 'Make the key' }).click()
  await dialog.getByText('Tick at least one thing that the key may do.').waitFor()
  await dialog.getByLabel('Read tasks').check()
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Make the key' }).click()
  const key = await dialog.locator('[data-key]').innerText()
  expect(key).toMatch(/^parley_/)
  await dialog.getByRole('button', { name: 'Done' }).click()
  expect(await page.content()).not.toContain(key)
  await page.getByRole('button', { name: 'New key' }).click()
  await dialog.waitFor()
  await page.mouse.click(5, 5)
  await expect.poll(() => focusedName(page), { message: 'what opened the dialog' }).toBe('New key')
  const asked = (query: string) =>
    fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query }),
    }).then((it) => it.json())
  expect(await asked('{ tasks { edges { node { id } } } }')).toMatchObject({ data: { tasks: { edges: [] } } })
  expect(await asked('{ conversations { edges { node { id } } } }')).toMatchObject({
    errors: [{ extensions: { code: 'FORBIDDEN' } }],
  })
  await page.reload()
  await page.getByText('Nightly report').first().waitFor()
  expect(await page.getByText(/Last used/).count()).toBe(1)
  await page.getByRole('button', { name: 'Revoke Nightly report' }).click()
  await dialog.getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('No keys yet').waitFor()
  expect(await asked('{ viewer { id } }')).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })

  const server0 = page.locator('[data-server="tasks"]')
  expect(await server0.getAttribute('data-status')).toBe('CONNECTED')
  await server0.locator('summary').click()
  expect(await server0.getByRole('listitem').filter({ hasText: 'delete_task' }).innerText()).toContain('Asks you first')
  await page.getByLabel('Dark').check()
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark')
  await visit(page, '/dashboard/settings')
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark')
  await page.getByLabel('Like the device').check()

  // Somebody else sits at another browser with this account.
  const elsewhere = await openTab(await openBrowser(browser, server.url))
  const sessions = page.locator('#sessions')
  const comesBack = async () => {
    await visit(elsewhere.page, '/sign-in')
    await elsewhere.page.getByLabel('E-mail').fill('ada@example.test')
    await elsewhere.page.getByLabel('Password').fill('correct horse battery staple')
    await elsewhere.page.getByRole('button', { name: 'Sign in' }).click()
    await elsewhere.page.waitForURL('**/dashboard')
    await visit(page, '/dashboard/settings')
    expect(await sessions.getByRole('listitem').count()).toBe(2)
  }
  for (const button of [/^Sign out: /, 'Sign out everywhere else']) {
    await comesBack()
    await sessions.getByRole('button', { name: button }).click()
    await expect.poll(() => sessions.getByRole('listitem').count()).toBe(1)
    await elsewhere.page.goto('/dashboard/settings')
    expect(elsewhere.page.url()).toContain('/sign-in')
  }
  await comesBack()
  await page.getByLabel('Current password').fill('wrong')
  await page.getByLabel('New password').fill('another horse battery')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await page.getByText('The current password is not right.').waitFor()
  await page.getByLabel('Current password').fill('correct horse battery staple')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await page.getByText('Your password is changed.').waitFor()
  await expect.poll(() => sessions.getByRole('listitem').count()).toBe(1)
  await elsewhere.page.goto('/dashboard/settings')
  expect(elsewhere.page.url()).toContain('/sign-in')
  await page.getByLabel('Name', { exact: true }).fill('Ada.Lovelace'.padEnd(100, '.Countess'))
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Your name is saved.').waitFor()
  await expect.poll(() => focusedName(page)).toBe('Save')
  await page.getByRole('button', { name: /^Ada\.Lovelace/ }).waitFor()
  await visit(page, '/dashboard')
  await page.setViewportSize({ width: 390, height: 844 })
  const greeting = await page.getByRole('heading', { name: /Ada\.Lovelace/ }).boundingBox()
  expect((greeting?.x ?? 0) + (greeting?.width ?? Infinity), 'a long name breaks').toBeLessThanOrEqual(390)
  await page.setViewportSize({ width: 1280, height: 800 })

  // History.
  for (const question of ['Add "buy oat milk" for Friday', 'Add "water the plants"']) {
    await visit(page, '/dashboard/chat')
    await page.getByRole('textbox', { name: 'Message' }).fill(question)
    await page.keyboard.press('Enter')
    await page.getByText('The answer is complete.').waitFor()
  }
  await page.keyboard.press('Control+k')
  await page.waitForURL('**/dashboard/history')
  const listed = page.locator('[data-conversation]')
  await expect.poll(() => listed.count()).toBe(2)
  await page.getByRole('searchbox', { name: 'Search' }).fill('oat milk')
  const found = page.locator('[data-found]')
  await found.first().waitFor()
  expect((await found.first().locator('mark').allInnerTexts()).join(' ').toLowerCase()).toContain('oat milk')
  await expectAccessible(page)
  const id = await found.first().getAttribute('data-found')
  await found.first().click()
  await page.waitForURL(`**#${id}`)
  await page.locator(`#${id}`).waitFor()

  // What is deleted can be taken back, and nothing lies on what one writes with.
  const newest = page.getByRole('button', { name: /^Options for/ }).first()
  const label = await newest.getAttribute('aria-label')
  await newest.click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  const undo = page.getByRole('button', { name: 'Undo' })
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 })
    expect(await page.getByText(/is deleted\.$/).isVisible()).toBe(true)
    const [notice, composer] = await Promise.all([undo.boundingBox(), page.locator('form:has(textarea)').boundingBox()])
    expect(notice?.y, 'below the composer').toBeGreaterThan((composer?.y ?? 0) + (composer?.height ?? 0))
  }
  await page.setViewportSize({ width: 1280, height: 800 })
  await undo.click()
  await expect.poll(() => focusedName(page)).toBe(label)

  // Out as a file, and in again.
  await visit(page, '/dashboard/settings#moving')
  const saved = async (press: Locator) => {
    const [file] = await Promise.all([page.waitForEvent('download'), press.click()])
    return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') }
  }
  const bundle = await saved(page.getByRole('button', { name: 'Export as JSONL' }))
  expect(bundle.name).toBe('parley-export.jsonl')
  expect(bundle.text.match(/^\{"type":"end"/gm)?.length).toBe(2)
  await page.locator('[data-export="done"]').getByText('The file is complete').waitFor()
  const markdown = await saved(page.getByRole('button', { name: 'Export as Markdown' }))
  expect(markdown.text).toContain('## You\n\nAdd "buy oat milk" for Friday\n')
  const report = page.locator('[data-import="read"]')
  const brings = async (name: string, text: string) => {
    await page
      .locator('input[type=file]')
      .setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) })
  }
  await brings('again.jsonl', bundle.text)
  await report.getByText('0 conversations are here now, 2 were here already, 0 were skipped.').waitFor()
  const said = (id: string, parent: string | null, role: string, text: string) => ({
    ...{ id, parent, message: { author: { role }, content: { content_type: 'text', parts: [text] } } },
  })
  const mapping = { a: said('a', null, 'user', 'Where is Paris?'), b: said('b', 'a', 'assistant', 'In France.') }
  const elsewheres = [
    { title: 'Paris', create_time: 1_700_000_000, conversation_id: 'g-1', mapping },
    { title: 'Broken', create_time: 'yesterday', conversation_id: 'g-2', mapping },
  ]
  await brings('conversations.json', JSON.stringify(elsewheres))
  await report.getByText('1 conversation is here now, 0 were here already, 1 was skipped.').waitFor()
  await report.getByText('create_time: ').first().waitFor()
  await expectAccessible(page)
  await brings('holiday.zip', 'PK')
  await report.getByText('The file is not JSON, or it is cut.').waitFor()
  expect(await report.innerText()).not.toContain('here now')
  await brings('conversations.json', JSON.stringify(elsewheres))
  await report.getByText('0 conversations are here now, 1 was here already, 1 was skipped.').waitFor()

  await visit(page, '/dashboard/history?shown=archived&from=2026-02-02&to=2026-02-01')
  await page.getByText('No conversation fits these filters.').waitFor()
  await visit(page, '/dashboard/history')
  await expectAccessible(page)
  const options = page.getByRole('main').getByRole('button', { name: /^Options for/ })
  await page
    .locator('[data-conversation]', { hasText: 'Paris' })
    .getByRole('button', { name: /^Options for/ })
    .click()
  const one = await saved(page.getByRole('menuitem', { name: 'Export as JSONL' }))
  expect(one.text.match(/^\{"type":"conversation","id":"chatgpt:g-1"/gm)?.length).toBe(1)
  await page
    .locator('[data-conversation]', { hasText: 'Paris' })
    .getByRole('button', { name: /^Options for/ })
    .click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await expect.poll(() => listed.count()).toBe(2)
  await options.first().click()
  await page.getByRole('menuitem', { name: 'Archive' }).click()
  await expect.poll(() => listed.count()).toBe(1)
  await page.getByLabel('Show').selectOption('Archived')
  await page.waitForURL('**shown=archived**')
  await expect.poll(() => listed.count()).toBe(1)
  // The filters stay, and count, while one searches.
  await page.getByRole('searchbox', { name: 'Search' }).fill('oat milk')
  await page.getByText('Nothing was found.').waitFor()
  await expectAccessible(page)
  await page.getByLabel('Show').selectOption('Current')
  await found.first().waitFor()
  await page.getByLabel('To').fill('2026-01-01')
  await page.getByText('Nothing was found.').waitFor()
  await page.getByRole('link', { name: 'Search in all conversations' }).click()
  await found.first().waitFor()
  expect([await page.getByLabel('Show').inputValue(), await page.getByLabel('To').inputValue()]).toEqual(['all', ''])
  await page.getByRole('searchbox', { name: 'Search' }).fill('')
  await page.getByLabel('Show').selectOption('Archived')
  await expect.poll(() => listed.count()).toBe(1)
  await options.first().click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await expect.poll(() => listed.count()).toBe(0)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => listed.count()).toBe(1)
  await options.first().click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await expect.poll(() => listed.count()).toBe(0)
  await visit(page, '/dashboard/history?shown=all')
  await expect.poll(() => listed.count()).toBe(1)
  expect(problems.filter((it) => !it.includes('400'))).toEqual([])
}, 240_000)
