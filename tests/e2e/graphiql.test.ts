import type { BrowserContext, Page, Request } from 'playwright-core'
import { expect, test, vi } from 'vitest'
import { openTab } from '../support/page.ts'
import { startPages } from '../support/pages.ts'
import { signUp } from '../support/user.ts'

type Id = { id: string }

/** Chooses the tab with this operation, writes its variables, and runs it. */
async function run(page: Page, tab: string, variables?: object): Promise<void> {
  await page.getByRole('tab', { name: tab }).click()
  if (variables) {
    await page.getByRole('button', { name: 'Variables' }).click()
    const editor = page.locator('.graphiql-editor-tool .monaco-editor').first()
    await editor.click()
    await page.keyboard.press('ControlOrMeta+A')
    // Pasted, because the editor closes brackets that are typed.
    await page.evaluate((text) => navigator.clipboard.writeText(text), JSON.stringify(variables))
    await page.keyboard.press('ControlOrMeta+V')
  }
  const asks = (it: Request) => new RegExp(`[ +]${tab}\\b`).test(it.url() + it.postData())
  // For a moment after a change of tab GraphiQL still means the operation of the last one, and asks nothing.
  await vi.waitFor(async () => {
    const asked = page.waitForRequest(asks, { timeout: 1_000 })
    await Promise.all([asked, page.getByRole('button', { name: /Execute query/ }).click()])
  }, 15_000)
}

const answer = (page: Page) => page.locator('.result-window')

/** Waits until the answer says this. The editor breaks long lines where it likes. */
async function shows(page: Page, text: string, timeout = 15_000): Promise<void> {
  const shown = async () => (await answer(page).innerText()).replace(/\s/g, '')
  await expect.poll(shown, { timeout }).toContain(text)
}

test('GraphiQL works without any other host: examples, an answer, and a subscription that streams', async () => {
  const { server, browser } = await startPages()
  const context: BrowserContext = await browser.newContext({
    baseURL: server.url,
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const outside: string[] = []
  await context.route(
    (url) => url.origin !== server.url,
    (route) => {
      outside.push(route.request().url())
      return route.abort()
    },
  )
  const { page, problems } = await openTab(context)

  const ada = await signUp(server.url)
  const [name = '', value = ''] = ada.headers.cookie.split('=', 2)
  await context.addCookies([{ name, value, url: server.url }])
  await page.goto('/graphql')
  await run(page, 'WhoAmI')
  await shows(page, ada.email)

  await run(page, 'SendMessage')
  await shows(page, '"status":"RUNNING"')
  const { conversations } = await ada.query<{
    conversations: { edges: { node: Id & { runs: { edges: { node: Id }[] } } }[] }
  }>('{ conversations { edges { node { id runs { edges { node { id } } } } } } }')
  await run(page, 'FollowRun', { runId: conversations.edges[0]?.node.runs.edges[0]?.node.id })
  await shows(page, '"__typename":"RunEnded"')

  const [edge] = conversations.edges
  await run(page, 'FirstPage')
  await shows(page, '"pageInfo"')
  await run(page, 'WholeConversation', { id: edge?.node.id })
  await shows(page, '"eventCursor"')
  await run(page, 'Search')
  await shows(page, '"snippet":"Add')
  await run(page, 'Export')
  await shows(page, '"path":"/export?format=jsonl","conversations":1')
  await shows(page, '"extensions":{"cost":{"cost":1,"limit":20000,"remaining":') // what it cost, and what is left
  await run(page, 'CreateApiKey')
  await shows(page, '"key":"parley_')
  await run(page, 'StopRun', { runId: edge?.node.runs.edges[0]?.node.id })
  await shows(page, '"status":"COMPLETED"')
  await run(page, 'DecideToolCall')
  await shows(page, '"code":"NOT_FOUND"')
  await run(page, 'FollowConversation', { conversationId: edge?.node.id, after: null })
  await shows(page, '"__typename":"ConversationUpdated"')

  await run(page, 'FollowViewer')
  const addsAndSees = async (title: string, timeout?: number) => {
    const { createTask } = await ada.mutate<{ createTask: { task: Id } }>(
      'mutation ($title: String!) { createTask(input: { title: $title }) { task { id } } }',
      { title },
    )
    await shows(page, `"taskId":"${createTask.task.id}"`, timeout)
  }
  await vi.waitFor(() => addsAndSees('Oats', 2_000), 20_000) // nothing says when the stream listens
  await addsAndSees('Milk')

  expect(outside).toEqual([])
  expect(problems).toEqual([])
}, 240_000)
