import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { focusedName } from '../support/keyboard.ts'
import { expectAccessible, hydrated, openBrowser, openTab, visit } from '../support/page.ts'
import { startPages } from '../support/pages.ts'

const question = "Add 'buy oat milk' for Friday, then show my open tasks"

test('one person asks and finds everything again, another one finds nothing of it', async () => {
  const { server, browser } = await startPages()
  await expectPolicy(`${server.url}/sign-in`)
  const { page, problems } = await openTab(await openBrowser(browser, server.url))

  await visit(page, '/')
  await page.waitForURL('**/sign-in**')
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Create an account' }).click()
  await page.getByRole('heading', { name: 'Create your account' }).waitFor()
  await expectAccessible(page)
  await signUp(page, 'Ada')
  await page.getByText('No tasks yet').waitFor()
  await expectAccessible(page)

  await page.getByRole('link', { name: 'New chat' }).click()
  await page.getByText('Parley’s own chat').waitFor()
  await expectAccessible(page)
  const lengths = await watchLog(page)
  await page.getByRole('textbox', { name: 'Message' }).fill(question)
  await page.keyboard.press('Enter')
  const ending = page.getByText(/^The answer (is complete|was stopped|was cut short|failed)\.$/)
  await ending.waitFor()
  expect(await ending.innerText()).toBe('The answer is complete.')
  expect((await lengths()).length, 'the answer grows on the page').toBeGreaterThan(5)

  const cards = page.getByRole('article', { name: /^Tool:/ })
  expect(await cards.count()).toBe(2)
  for (const card of await cards.all()) expect(await card.innerText()).toMatch(/Done\s+· \d[\d.]* s/)
  await cards.first().locator('summary').click()
  await expectAccessible(page)
  expect(await page.getByText('Offline assistant', { exact: true }).isVisible()).toBe(true)

  const before = await page.getByRole('log').innerText()
  expect(before).toContain(question)
  await page.reload()
  await hydrated(page)
  await cards.first().locator('summary').click()
  expect(await page.getByRole('log').innerText()).toBe(before)
  const conversation = page.url()
  expect(conversation).toMatch(/\/dashboard\/chat\/conv_\w+$/)

  await page.getByRole('link', { name: 'Dashboard' }).click()
  const task = page.getByRole('listitem').filter({ hasText: 'buy oat milk' }).first()
  await task.waitFor()
  expect(await task.innerText()).toMatch(/Fri|Today|Tomorrow/)
  await expectAccessible(page)
  const day = await task.getAttribute('data-due')
  // A page that is left in this moment may take its request with it.
  const saved = page.waitForResponse((it) => /updateTask/.test(it.request().postData() ?? ''))
  await page.getByRole('checkbox', { name: 'buy oat milk' }).check()
  await saved
  await page.reload()
  await hydrated(page)
  await page.getByText('Done (1)').click()
  await page.getByRole('button', { name: 'Delete buy oat milk' }).click()
  await page.getByRole('button', { name: 'Undo' }).waitFor()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await expect.poll(() => focusedName(page)).toBe('Tasks')
  await page.getByText('Done (1)').click()
  expect(await task.getAttribute('data-due')).toBe(day)
  await page.reload()
  await hydrated(page)
  await page.getByText('Done (1)').click()
  expect(await page.locator('[data-task]').count(), 'it came back once').toBe(1)
  expect(await page.getByRole('checkbox', { name: 'buy oat milk' }).isChecked()).toBe(true)

  await page.getByRole('button').filter({ hasText: 'ada@example.test' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL('**/sign-in**')
  await page.goto(conversation)
  expect(page.url()).toContain('/sign-in')
  expect(problems).toEqual([])

  await hydrated(page)
  await page.getByRole('link', { name: 'Create an account' }).click()
  await signUp(page, 'Eve')
  await page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
  expect(await page.content()).not.toContain('oat milk')
  await visit(page, '/dashboard')
  await page.getByText('No tasks yet').waitFor()
  await page.getByText('No conversations yet').waitFor()
  expect(await page.content()).not.toContain('oat milk')
}, 240_000)

/** Only scripts of this very answer may run in the page, and nobody may hold it in a frame. */
async function expectPolicy(url: string): Promise<void> {
  const nonces = new Set<string>()
  for (let n = 0; n < 2; n++) {
    const response = await fetch(url)
    const policy = new Map(
      (response.headers.get('content-security-policy') ?? '').split('; ').map((it) => {
        const [name = '', ...sources] = it.split(' ')
        return [name, sources] as const
      }),
    )
    expect(policy.get('frame-ancestors')).toEqual(["'none'"])
    expect(policy.get('script-src-attr')).toEqual(["'none'"])
    const scripts = policy.get('script-src') ?? []
    for (const loose of ["'unsafe-inline'", "'unsafe-eval'", '*', 'https:', 'data:'])
      expect(scripts).not.toContain(loose)
    const [nonce = '', ...others] = scripts.flatMap((it) => /^'nonce-(.{22,})'$/.exec(it)?.[1] ?? [])
    expect(others).toEqual([])
    const tags = (await response.text()).match(/<script\b[^>]*>/g) ?? []
    expect(tags.length).toBeGreaterThan(0)
    for (const tag of tags) expect(tag).toContain(`nonce="${nonce}"`)
    nonces.add(nonce)
  }
  expect(nonces.size, 'each answer has its own').toBe(2)
}

async function signUp(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('E-mail').fill(`${name.toLowerCase()}@example.test`)
  await page.getByLabel('Password').fill('correct horse battery staple')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL('**/dashboard**')
}

/** Notes every length that the log of the conversation has from now on. */
async function watchLog(page: Page): Promise<() => Promise<number[]>> {
  const seen = await page.evaluateHandle(() => {
    const lengths = new Set<number>()
    const look = () => lengths.add(document.querySelector('[role=log]')?.textContent?.length ?? 0)
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
    return lengths
  })
  return () => seen.evaluate((lengths) => [...lengths])
}
