import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { focusedName, tabTo } from '../support/keyboard.ts'
import { expectAccessible, openBrowser, openTab, signUp, visit } from '../support/page.ts'
import { startPages } from '../support/pages.ts'
import { calls, fails, pause, says, startProvider } from '../support/scripted-provider.ts'

test('by keyboard alone: ask, approve with other arguments, queue, stop, edit and look back; a killed server loses nothing', async () => {
  const provider = await startProvider()
  onTestFinished(() => provider.close())
  const { server, browser } = await startPages({
    ...{ OPENAI_BASE_URL: provider.url, OPENAI_API_KEY: 'test' },
    ...{ PARLEY_MODEL: 'm', PARLEY_MODELS: 'm,other' },
  })
  const { page, problems } = await openTab(await openBrowser(browser, server.url))
  await signUp(page, 'Ada')
  await visit(page, '/dashboard')

  // Nothing from here on needs a pointer.
  await tabTo(page, 'New chat')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/dashboard/chat')
  await page.getByText('Parley’s own chat').waitFor()
  const kept = await addedTasks(page, ['oat milk', 'soy milk'])
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: kept[0] } }), says('It is gone.'))
  await tabTo(page, 'Message')
  await page.keyboard.type('Delete the milk')
  await page.keyboard.press('Enter')
  const card = page.getByRole('article', { name: 'Tool: Delete task' })
  await card.getByText('Needs your approval').waitFor()
  await card.getByText('Delete task: “oat milk”').waitFor()
  await tabTo(page, 'Change: Delete task', { backwards: true })
  await page.keyboard.press('Enter')
  await card.getByRole('textbox', { name: 'Call it with' }).waitFor()
  await expectAccessible(page)
  await tabTo(page, 'Call it with', { backwards: true })
  await page.keyboard.press('Control+a')
  await page.keyboard.type('{"task_id": ')
  await card.getByText('This has to be a JSON object.').waitFor()
  await page.keyboard.type(`"${kept[1]}"}`)
  await expect.poll(() => card.innerText(), { message: 'it would be another one' }).not.toContain('oat milk')
  await tabTo(page, 'Approve: Delete task')
  await page.keyboard.press('Enter')
  await page.getByRole('log').getByText('It is gone.').waitFor()
  expect(await openTasks(page), 'the arguments of the person counted').toEqual(['oat milk'])
  expect(await card.innerText()).not.toContain('oat milk')
  expect(await page.getByText(/tokens read/).innerText()).toMatch(/^[\d,]+ tokens read, [\d,]+ written$/)

  // What is sent meanwhile waits; Escape stops, and the next one comes.
  provider.plays(says('One, two', pause, ', three'), says('I can count.'))
  await tabTo(page, 'Message')
  await page.keyboard.type('Count')
  await page.keyboard.press('Enter')
  await page.getByRole('log').getByText('One, two').waitFor()
  await page.keyboard.type('What can you do?')
  await page.keyboard.press('Enter')
  await page.getByText('Waiting for its turn').waitFor()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.getByRole('log').getByText('You stopped this answer.').waitFor()
  await page.getByRole('log').getByText('I can count.').waitFor()
  await page.getByText('The answer is complete.').waitFor()
  expect(await page.getByText('Waiting for its turn').count()).toBe(0)

  // Said anew; what was said before can be looked at.
  provider.plays(says('I can sing.'))
  await tabTo(page, 'Edit the message', { backwards: true })
  await page.keyboard.press('Enter')
  await page.setViewportSize({ width: 390, height: 844 })
  const heights = ['Cancel', 'Send'].map((name) => page.getByRole('log').getByRole('button', { name }).boundingBox())
  expect(new Set((await Promise.all(heights)).map((box) => box?.y)).size, 'side by side on a phone').toBe(1)
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.keyboard.press('Control+a')
  await page.keyboard.type('Can you sing?')
  await page.keyboard.press('Enter')
  await page.getByRole('log').getByText('I can sing.').waitFor()
  expect(await page.getByRole('log').innerText(), 'its answer goes with it').not.toContain('I can count.')
  expect(await focusedName(page), 'one goes on writing').toBe('Message')
  await tabTo(page, 'Earlier version', { backwards: true })
  await page.keyboard.press('Enter')
  await page.getByText('1 of 2').waitFor()
  expect(await page.getByRole('log').innerText()).toContain('What can you do?')
  await page.getByText('The answer below belongs to the newest one.').waitFor()
  await expectAccessible(page)
  await tabTo(page, 'Good answer')
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Good answer', pressed: true }).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
  await expectAccessible(page)
  await page.keyboard.press('Escape')

  // The server dies in the middle of an answer, and comes back.
  provider.plays(says('Slow', pause, ' and steady'), says('Slow and steady wins.'))
  await tabTo(page, 'Message')
  await page.keyboard.type('Tell me a fable')
  await page.keyboard.press('Enter')
  await page.getByRole('log').getByText('Slow', { exact: true }).waitFor()
  expect(problems).toEqual([])
  await server.kill()
  await page.keyboard.type('A draft')
  await page.getByText(/^(Reconnecting|Not connected|You are offline)$/).waitFor()
  await server.start()
  await page.getByRole('log').getByText('Slow and steady wins.').waitFor()
  expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('A draft')
  expect(await page.getByRole('log').getByText('Slow', { exact: true }).count(), 'what died is taken back').toBe(0)

  // A busy model is waited for, in words; who does not want to wait stops.
  provider.plays(fails(429, { headers: { 'retry-after': '28' } }))
  await tabTo(page, 'Message')
  await page.keyboard.press('Enter')
  await page
    .getByRole('log')
    .getByText(/^The model is busy\. Asking again in \d+ s…$/)
    .waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('The answer was stopped.').waitFor()

  // Another model, from the next question on.
  expect(provider.requests.at(-1)?.model).toBe('m')
  await page.getByRole('combobox', { name: /^Model/ }).selectOption('other')
  provider.plays(fails(429, { headers: { 'retry-after': '60' } }), says('Here I am.'))
  await page.getByRole('textbox', { name: 'Message' }).fill('Are you there?')
  await page.keyboard.press('Enter')
  await tabTo(page, 'Try again', { backwards: true })
  await page.keyboard.press('Enter')
  await page.getByRole('log').getByText('Here I am.').waitFor()
  expect(await focusedName(page)).toBe('Message')
  expect(provider.requests.at(-1)?.model).toBe('other')
  expect(provider.refusals).toEqual([])
}, 300_000)

async function graphql<T>(page: Page, query: string): Promise<T> {
  const answer = await page.request.post('/graphql', {
    data: { query },
    headers: { origin: new URL(page.url()).origin },
  })
  return (await answer.json()).data
}

async function addedTasks(page: Page, titles: readonly string[]): Promise<string[]> {
  const ids: string[] = []
  for (const title of titles) {
    const { createTask } = await graphql<{ createTask: { task: { id: string } } }>(
      page,
      `mutation { createTask(input: { title: "${title}" }) { task { id } } }`,
    )
    ids.push(createTask.task.id)
  }
  return ids
}

async function openTasks(page: Page): Promise<string[]> {
  type Answer = { tasks: { edges: { node: { title: string } }[] } }
  const { tasks } = await graphql<Answer>(page, '{ tasks(status: OPEN) { edges { node { title } } } }')
  return tasks.edges.map(({ node }) => node.title)
}
