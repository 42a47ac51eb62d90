import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { focusedName } from '../support/keyboard.ts'
import { expectAccessible, hydrated, openBrowser, openTab, signUp, visit } from '../support/page.ts'
import { startPages } from '../support/pages.ts'

test('tasks: added with a day and changed, nothing typed is lost, live while the assistant works, and all of them are there', async () => {
  const { server, browser } = await startPages()
  const context = await openBrowser(browser, server.url)
  await context.addCookies([{ name: 'parley-chat', value: 'panel', url: server.url }])
  const { page, problems } = await openTab(context)
  await signUp(page, 'Ada')
  const title = page.getByRole('textbox', { name: 'New task' })
  const day = page.getByLabel('Due date')
  const tasks = page.locator('[data-task]')
  const task = (name: string) => tasks.filter({ hasText: name })

  await title.fill('Call mum')
  await day.fill('2031-05-04')
  await title.press('Enter')
  await task('Call mum').waitFor()
  expect(await task('Call mum').getAttribute('data-due')).toBe('2031-05-04')

  // The answer gets lost: what was typed stays, beside what is typed by then, and is added once.
  await page.route('**/graphql', async (route) => {
    if (!route.request().postData()?.includes('mutation AddTask')) return route.continue()
    await route.fetch()
    await route.abort()
  })
  await title.fill('Buy rice')
  await day.fill('2031-05-05')
  await title.press('Enter')
  await title.fill('Something else')
  const lost = page.locator('[data-not-added]')
  await lost.getByText('Buy rice').waitFor()
  expect(await lost.getByRole('button', { name: 'Edit' }).count(), 'the form is not free').toBe(0)
  expect(await title.inputValue()).toBe('Something else')
  await title.fill('')
  await lost.getByRole('button', { name: 'Edit' }).waitFor()
  await expectAccessible(page)
  // The page tries again by itself when it comes; one that does not get through stays until another one does.
  await page.reload()
  await hydrated(page)
  await lost.getByText('Buy rice').waitFor()
  const second = await openTab(context)
  await visit(second.page, '/dashboard')
  await expect.poll(() => lost.count()).toBe(0)
  expect(await second.page.locator('[data-not-added]').count()).toBe(0)
  expect(second.problems).toEqual([])
  await second.page.close()
  await page.unrouteAll({ behavior: 'wait' })
  await expect.poll(() => task('Buy rice').count()).toBe(1)
  expect(await task('Buy rice').getAttribute('data-due')).toBe('2031-05-05')

  await page.route('**/graphql', (route) =>
    route.request().postData()?.includes('mutation') ? route.abort() : route.continue(),
  )
  await title.fill('Buy bread')
  await day.fill('2031-05-06')
  await title.press('Enter')
  await lost.getByRole('button', { name: 'Edit' }).click()
  expect([await title.inputValue(), await day.inputValue()]).toEqual(['Buy bread', '2031-05-06'])
  expect(await focusedName(page)).toBe('New task')
  expect(await lost.count()).toBe(0)
  await title.fill('')
  await page.getByRole('button', { name: 'Edit Call mum' }).click()
  const changed = tasks.getByRole('textbox', { name: 'Title' })
  await changed.fill('Call dad')
  await changed.press('Enter')
  await tasks.getByRole('alert').waitFor()
  expect(await changed.inputValue()).toBe('Call dad')
  await expectAccessible(page)
  await page.unrouteAll({ behavior: 'wait' })
  await changed.press('Enter')
  await expect.poll(() => focusedName(page)).toBe('Edit Call dad')
  expect(await task('Call dad').getAttribute('data-due')).toBe('2031-05-04')
  // What was broken off on purpose says so in the console too.
  expect(problems.filter((it) => !it.includes('ERR_FAILED'))).toEqual([])

  // The assistant works in another tab.
  const other = await openTab(context)
  await visit(other.page, '/dashboard/chat')
  await other.page.getByRole('textbox', { name: 'Message' }).fill('Add "water the plants"')
  await other.page.keyboard.press('Enter')
  await task('water the plants').waitFor()
  await page.getByText('3 open tasks, nothing due today.').waitFor()

  // More than a page of each: the numbers are the same, told as it happens and read anew.
  const many = Array.from({ length: 131 }, (_, at) => `Thing ${at + 1}`)
  const rice = `${await task('Buy rice').getAttribute('data-task')}`
  const ids = await asks(page, many, (it) => `createTask(input: { title: "${it}" }) { task { id } }`)
  const ticked = ids.slice(0, 26)
  await asks(page, ticked, (id) => `updateTask(input: { taskId: "${id}", completed: true }) { task { id } }`)
  await page.getByText('108 open tasks, nothing due today.').waitFor()
  await page.reload()
  await hydrated(page)
  await page.getByText('108 open tasks.').waitFor()
  await page.locator('[data-connection=live]').waitFor()
  expect(await tasks.count()).toBe(120)
  // One that stands further down than was looked.
  await asks(page, [rice], (id) => `updateTask(input: { taskId: "${id}", completed: true }) { task { id } }`)
  await page.getByText('107 open tasks.').waitFor()
  await page.getByText('Done (27)').click()
  await page.getByRole('button', { name: 'Show more' }).first().click()
  await page.getByText('107 open tasks, nothing due today.').waitFor()
  await page.getByRole('button', { name: 'Show more' }).click()
  await expect.poll(() => tasks.count()).toBe(134)
  expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0)

  // Read anew, as when a tab comes back: all that was shown stays, also the row that is being edited and is gone by then.
  await page.getByRole('button', { name: 'Edit Call dad' }).click()
  await changed.fill('Call everybody')
  const dad = `${await page.locator('[data-task]:has(input[name=title])').getAttribute('data-task')}`
  const readAgain = page.waitForResponse((it) => Boolean(it.request().postData()?.includes('query MoreTasks')))
  await page.evaluate(() => window.dispatchEvent(new Event('offline')))
  await readAgain
  await page.locator('[data-connection=live]').waitFor()
  await asks(page, [dad], (id) => `deleteTask(input: { taskId: "${id}" }) { deletedId }`)
  await page.getByText('106 open tasks, nothing due today.').waitFor()
  expect(await tasks.count()).toBe(134)
  expect(await changed.inputValue()).toBe('Call everybody')
  await changed.press('Escape')
  await expect.poll(() => tasks.count()).toBe(133)
  expect([...problems, ...other.problems].filter((it) => !it.includes('ERR_FAILED'))).toEqual([])
}, 240_000)

/** Asks the API for something about each, many at a time; gives the ids of the tasks. */
async function asks(page: Page, all: readonly string[], field: (one: string) => string): Promise<string[]> {
  const ids: string[] = []
  for (let at = 0; at < all.length; at += 20) {
    const fields = all.slice(at, at + 20).map((one, number) => `_${number}: ${field(one)}`)
    const answer = await page.request.post('/graphql', {
      headers: { origin: new URL(page.url()).origin },
      data: { query: `mutation { ${fields.join('\n')} }` },
    })
    const { data } = (await answer.json()) as { data: Record<string, { task?: { id: string } }> }
    ids.push(...Object.values(data).flatMap(({ task }) => task?.id ?? []))
  }
  return ids
}
