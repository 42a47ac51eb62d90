import { expect, test } from 'vitest'
import { linkIn, startMailbox } from '../support/mailbox.ts'
import { startOidcProvider } from '../support/oidc-provider.ts'
import { expectAccessible, openBrowser, openTab, signUp, visit } from '../support/page.ts'
import { startPages } from '../support/pages.ts'

test('signing in: a forgotten password is chosen anew by mail, an address changes by mail, an account elsewhere opens one here', async () => {
  const [mailbox, provider] = [await startMailbox(), await startOidcProvider()]
  const env = {
    ...{ SMTP_URL: mailbox.url, MAIL_FROM: 'Parley <parley@example.test>' },
    ...{ OIDC_ISSUER: provider.issuer, OIDC_CLIENT_ID: provider.client.id, OIDC_CLIENT_SECRET: provider.client.secret },
    OIDC_NAME: 'Example',
  }
  const { server, browser } = await startPages(env)
  const here = await openTab(await openBrowser(browser, server.url))
  await signUp(here.page, 'Ada')

  const { page, problems } = await openTab(await openBrowser(browser, server.url))
  await visit(page, '/sign-in')
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  await page.waitForURL('**/forgot-password')
  await expectAccessible(page)
  await page.getByLabel('E-mail').fill('ada@example.test')
  await page.getByRole('button', { name: 'Send the link' }).click()
  await page.getByRole('status').filter({ hasText: 'a letter is on its way' }).waitFor()
  const link = linkIn(await mailbox.next('ada@example.test'))
  await visit(page, link.pathname + link.search)
  await expectAccessible(page)
  await page.getByLabel('New password').fill('another horse entirely')
  await page.getByRole('button', { name: 'Save the new password' }).click()
  await page.getByRole('status').filter({ hasText: 'Your new password is saved' }).waitFor()
  await here.page.goto('/dashboard')
  expect(here.page.url()).toContain('/sign-in')

  await page.getByLabel('E-mail').fill('ada@example.test')
  await page.getByLabel('Password').fill('another horse entirely')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/dashboard')
  await visit(page, '/dashboard/settings')
  const account = page.locator('#account')
  await account.getByLabel('New e-mail').fill('lovelace@example.test')
  await account.getByLabel('Password', { exact: true }).fill('another horse entirely')
  await account.getByRole('button', { name: 'Change the e-mail' }).click()
  await account.getByText('A letter is on its way to lovelace@example.test').waitFor()
  await page.goto(linkIn(await mailbox.next('lovelace@example.test')).href)
  await page.getByText('You sign in as lovelace@example.test').waitFor()

  // The link worked once.
  const late = await openTab(await openBrowser(browser, server.url))
  await visit(late.page, link.pathname + link.search)
  await late.page.getByLabel('New password').fill('yet another horse')
  await late.page.getByRole('button', { name: 'Save the new password' }).click()
  await late.page.getByRole('alert').filter({ hasText: 'This link has been used already' }).waitFor()

  provider.person = { sub: 'grace', name: 'Grace Hopper', email: 'grace@example.test', email_verified: true }
  await visit(late.page, '/sign-in?to=%2Fdashboard%2Fhistory')
  await late.page.getByRole('link', { name: 'Continue with Example' }).click()
  await late.page.waitForURL('**/dashboard/history')
  await late.page.getByRole('button', { name: /^Grace Hopper/ }).waitFor()
  await visit(late.page, '/dashboard/settings')
  await late.page.getByText('You sign in with an account elsewhere').waitFor()

  // Somebody has an account of this address here: it does not open, and the page says what to do.
  const other = await openTab(await openBrowser(browser, server.url))
  provider.person = { sub: 'eve', name: 'Eve', email: 'lovelace@example.test', email_verified: true }
  await visit(other.page, '/sign-up')
  await other.page.getByRole('link', { name: 'Continue with Example' }).click()
  await other.page.getByRole('alert').filter({ hasText: 'There is an account with this e-mail here already' }).waitFor()
  // The browser notes that the old link was refused, as it should be.
  const found = [here, late, other].flatMap(({ problems }) => problems)
  expect(found.filter((it) => !it.includes('/reset-password.data'))).toEqual([])
  expect(problems).toEqual([])
}, 300_000)
