import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { openBrowser, openTab, playChatKit, signUp, visit } from '../support/page.ts'
import { calls, cuts, pause, says, startProvider } from '../support/scripted-provider.ts'
import { startServer } from '../support/server-process.ts'

test('ChatKit works over our server: tools, approval, stop, trying again, history; without its script the panel serves', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const provider = await startProvider()
  onTestFinished(() => provider.close())
  const server = await startServer(
    { PARLEY_DATA_DIR: dataDir, OPENAI_BASE_URL: provider.url, OPENAI_API_KEY: 'test', PARLEY_MODEL: 'm' },
    { pages: true },
  )
  const browser = await launchBrowser()
  onTestFinished(() => browser.close())
  const context = await openBrowser(browser, server.url)
  await playChatKit(context)
  const { page, problems } = await openTab(context)
  await signUp(page, 'Ada')
  await visit(page, '/dashboard/chat')
  const chat = page.locator('openai-chatkit')
  const log = chat.getByRole('log')
  const say = async (text: string) => {
    await chat.getByRole('textbox', { name: 'Message' }).fill(text)
    await page.keyboard.press('Enter')
  }
  await chat.getByText('What can I do for you?').waitFor()

  // A new conversation, with a tool on the way.
  provider.titles(says('Milk'))
  provider.plays(calls({ name: 'add_task', arguments: { title: 'buy oat milk' } }), says('It is', ' on your list.'))
  await say('Add oat milk')
  await log.getByText('It is on your list.').waitFor()
  await log.getByText(/\(done\)/).waitFor()
  await page.waitForURL(/\/dashboard\/chat\/conv_\w+$/)
  const conversation = page.url()
  await page.getByRole('heading', { name: 'Milk', level: 1 }).waitFor()

  // A tool that asks first.
  provider.plays((request) =>
    calls({ name: 'delete_task', arguments: { task_id: taskIdIn(JSON.stringify(request.transcript)) } }),
  )
  provider.plays(says('It is gone.'))
  await say('Delete it')
  await log.getByRole('button', { name: 'Approve' }).click()
  await log.getByText('It is gone.').waitFor()

  // Stop: what was said stays.
  provider.plays(says('One, two', pause, ', three'))
  await say('Count')
  await log.getByText('One, two').waitFor()
  await chat.getByRole('button', { name: 'Stop' }).click()
  await expect.poll(() => statusOf(page, conversation)).toBe('STOPPED')

  // An answer that fails says so, and can be asked for again.
  provider.plays(cuts('Half an'), says('Now it works.'))
  await say('And now?')
  await log.getByRole('alert').getByRole('button', { name: 'Retry' }).click()
  await log.getByText('Now it works.').waitFor()

  // ChatKit reads the conversation again, for something came from elsewhere. What it reads comes late: the person has gone on.
  const late = await holdRereading(page)
  provider.plays(says('Said elsewhere.'))
  await sendElsewhere(page, conversation, 'From another window')
  await late.asked
  await page.getByRole('link', { name: 'New chat' }).click()
  await page.waitForURL(/\/dashboard\/chat$/)
  late.release()
  await chat.getByText('What can I do for you?').waitFor()
  expect(page.url()).toMatch(/\/dashboard\/chat$/)

  // The same conversation again, from the list and from the history of the server.
  await page.getByRole('navigation', { name: 'Conversations' }).getByRole('link', { name: 'Milk' }).click()
  await log.getByText('Now it works.').waitFor()
  expect(await log.innerText()).toContain('One, two')
  expect(await log.innerText()).not.toContain('three')
  expect(problems).toEqual([])
  expect(provider.refusals).toEqual([])

  // Its host cannot be reached: the panel goes on with the same messages.
  await context.unroute('https://cdn.platform.openai.com/**')
  await context.route('https://cdn.platform.openai.com/**', (route) => route.abort())
  await visit(page, conversation)
  await page.getByText('ChatKit could not be loaded from its host').waitFor()
  expect(await page.getByRole('log').innerText()).toContain('Now it works.')
}, 120_000)

/** Holds up what ChatKit asks for when it reads its thread again, until it is released. */
async function holdRereading(page: Page) {
  const asked = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  await page.route('**/chatkit', async (route) => {
    if (route.request().postDataJSON().type === 'threads.get_by_id') {
      asked.resolve()
      await released.promise
    }
    await route.continue()
  })
  return { asked: asked.promise, release: released.resolve }
}

async function sendElsewhere(page: Page, conversation: string, text: string): Promise<void> {
  const input = { conversationId: conversation.split('/').at(-1), content: text }
  const answer = await page.request.post('/graphql', {
    data: {
      query: 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { run { id } } }',
      variables: { input },
    },
    headers: { origin: new URL(conversation).origin },
  })
  expect((await answer.json()).errors).toBeUndefined()
}

const taskIdIn = (text: string) => /task_[0-9a-z]{26}/.exec(text)?.[0]

/** How the newest answer ended, as the page's own person may ask. */
async function statusOf(page: Page, conversation: string): Promise<string> {
  const id = conversation.split('/').at(-1)
  const answer = await page.request.post('/graphql', {
    data: {
      query: 'query ($id: ID!) { conversation(id: $id) { runs(first: 1) { edges { node { status } } } } }',
      variables: { id },
    },
    headers: { origin: new URL(conversation).origin },
  })
  return (await answer.json()).data.conversation.runs.edges[0].node.status
}
