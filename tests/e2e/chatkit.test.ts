import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { cleanUp } from '../support/cleaning.ts'
import { openBrowser, openTab, playChatKit, signUp, visit } from '../support/page.ts'
import { startPages } from '../support/pages.ts'
import { calls, cuts, pause, says, startProvider } from '../support/scripted-provider.ts'

/** A loaded machine takes its time. */
const patiently = { timeout: 30_000 }

const host = 'https://cdn.platform.openai.com/**'
/** A new person with a server and a browser of their own, before an empty ChatKit. */
async function comes(name: string, played: object = {}) {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const models = { OPENAI_BASE_URL: provider.url, OPENAI_API_KEY: 'test', PARLEY_MODEL: 'm', PARLEY_MODELS: 'other' }
  const { server, browser } = await startPages({ ...models, PARLEY_TRANSCRIPTION_MODEL: 'whisper' })
  const context = await openBrowser(browser, server.url)
  cleanUp(() => context.close())
  await context.addInitScript((it) => Object.assign(window, { __CHATKIT_STANDIN__: it }), played)
  await playChatKit(context)
  const tab = await openTab(context)
  await signUp(tab.page, name)
  await visit(tab.page, '/dashboard/chat')
  return { ...tab, context, provider, server }
}

/** Until ChatKit's stream has ended, which is a moment after the last words: before that it takes nothing. */
const rests = (page: Page) => page.locator('openai-chatkit [role=log][aria-busy=false]').waitFor()

async function write(page: Page, text: string): Promise<void> {
  await rests(page)
  await page.locator('openai-chatkit').getByRole('textbox', { name: 'Message' }).fill(text)
  await page.keyboard.press('Enter')
}

test('ChatKit works over our server: tools, approval, stop, trying again, history; without its script the panel serves', async () => {
  const { page, problems, context, provider } = await comes('Ada')
  const chat = page.locator('openai-chatkit')
  const log = chat.getByRole('log')
  const say = (text: string) => write(page, text)
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
  await log.getByRole('button', { name: 'Approve' }).waitFor()
  await rests(page)
  await log.getByRole('button', { name: 'Approve' }).click()
  await log.getByText('It is gone.').waitFor()

  // Stop: what was said stays.
  provider.plays(says('One, two', pause, ', three'))
  await say('Count')
  await log.getByText('One, two').waitFor()
  await chat.getByRole('button', { name: 'Stop' }).click()
  await expect.poll(() => statusOf(page, conversation), patiently).toBe('STOPPED')

  // An answer that fails says so, and can be asked for again.
  provider.plays(cuts('Half an'), says('Now it works.'))
  await say('And now?')
  await log.getByRole('alert').waitFor()
  await rests(page)
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
  await page.unroute('**/chatkit')

  // Read again, and the person writes before it is here: it replaces nothing, neither now nor later.
  const early = await holdRereading(page)
  provider.plays(says('Noted elsewhere.'), says('Told', pause, ' to the end.'))
  await sendElsewhere(page, conversation, 'Another note')
  await early.asked
  await expect.poll(() => statusOf(page, conversation), patiently).toBe('COMPLETED')
  await say('Tell me')
  await log.getByText('Told').waitFor()
  early.release()
  provider.resume()
  await log.getByText('Told to the end.').waitFor()
  await log.getByText('Noted elsewhere.').waitFor()
  await log.getByText('Told to the end.').waitFor()
  expect(await happened(page)).not.toMatch(/response\.start((?!response\.end).)*thread\.load\.end/)
  await page.unroute('**/chatkit')
  expect(await log.innerText()).toContain('One, two')
  expect(await log.innerText()).not.toContain('three')

  // A message from elsewhere brings a card that asks; it is here too, and can be pressed here.
  provider.plays(calls({ name: 'add_task', arguments: { title: 'buy soap' } }))
  provider.plays((request) =>
    calls({ name: 'delete_task', arguments: { task_id: taskIdIn(JSON.stringify(request.transcript)) } }),
  )
  provider.plays(says('The soap is gone.'))
  await sendElsewhere(page, conversation, 'Add soap and delete it')
  await log.getByRole('button', { name: 'Approve' }).waitFor()
  await rests(page)
  await log.getByRole('button', { name: 'Approve' }).click()
  await log.getByText('The soap is gone.').waitFor()
  expect(problems).toEqual([])
  expect(provider.refusals).toEqual([])

  // Its host cannot be reached: the panel goes on with the same messages.
  await context.unroute(host)
  await context.route(host, (route) => route.abort())
  await visit(page, conversation)
  await page.getByText('ChatKit could not be loaded from its host').waitFor()
  expect(await page.getByRole('log').innerText()).toContain('Now it works.')
}, 240_000)

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJggg==',
  'base64',
)
const webm = Buffer.concat([Buffer.from([0x1a, 0x45, 0xdf, 0xa3]), Buffer.alloc(100, 7)])

test('files, dictation, the choice of a model, feedback, a form and the tasks page; all of it outlives a reload', async () => {
  const { page, problems, context, provider, server } = await comes('Bea', {
    recording: { audio_base64: webm.toString('base64'), mime_type: 'audio/webm;codecs=opus' },
  })
  const chat = page.locator('openai-chatkit')
  const log = chat.getByRole('log')
  await chat.getByText('The assistant can be wrong').waitFor()

  // A file is put beside the message, another is taken away again.
  const files = chat.getByLabel('Attach files')
  await files.setInputFiles([
    { name: 'dot.png', mimeType: 'image/png', buffer: png },
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('remember the milk') },
  ])
  await chat.getByRole('button', { name: 'Remove notes.txt' }).click()
  await chat.getByRole('combobox', { name: 'Model' }).selectOption('other')
  provider.plays(says('A dot.'))
  await write(page, 'What is this?')
  await log.getByText('A dot.').waitFor()
  const picture = log.getByRole('img', { name: 'dot.png' })
  await expect.poll(() => picture.evaluate((it) => (it as HTMLImageElement).naturalWidth), patiently).toBe(1)
  expect(JSON.stringify(provider.requests.at(-1)?.body)).toContain('data:image/png;base64,')
  expect(provider.requests.at(-1)?.model).toBe('other')
  await page.waitForURL(/\/dashboard\/chat\/conv_\w+$/)
  const conversation = page.url()

  // What is said aloud is written down for the person, who may change it before sending.
  await chat.getByRole('button', { name: 'Dictate' }).click()
  const message = chat.getByRole('textbox', { name: 'Message' })
  await expect.poll(() => message.inputValue(), patiently).toBe('Words that were spoken')
  expect(provider.recordings[0]).toContain(webm.toString('latin1'))
  provider.plays(says('Heard.'))
  await rests(page)
  await message.press('Enter')
  await log.getByText('Heard.').waitFor()
  await log.getByRole('button', { name: 'negative feedback' }).last().click()
  await expect
    .poll(() => ask(page, conversation, 'messages(last: 1) { edges { node { feedback } } }'), patiently)
    .toContain('DOWN')

  // A form waits for its answer, also on the next page.
  provider.plays(asksWhichDay, says('Monday it is.'))
  await write(page, 'Plan it')
  await log.getByRole('radio', { name: 'Monday' }).waitFor()
  await page.reload()
  await log.getByRole('radio', { name: 'Monday' }).check()
  await log.getByRole('button', { name: 'Answer' }).click()
  await log.getByText('Monday it is.').waitFor()
  await log.getByText('answered: Which day? Monday').waitFor()
  expect(await picture.count()).toBe(1)

  // An answer that is being made while the page is loaded again is told to its end, by the panel: ChatKit takes none up again.
  provider.plays(says('One,', pause, ' two.'))
  await write(page, 'Count')
  await log.getByText('One,').waitFor()
  await page.reload()
  await page.getByRole('log').getByText('One,').waitFor()
  provider.resume()
  await page.getByRole('log').getByText('One, two.').waitFor()
  expect(await ask(page, conversation, 'runs(first: 100) { totalCount }')).toContain('"totalCount":5')
  await visit(page, conversation)
  await log.getByText('One, two.').waitFor()

  // The page's own tool is called, and the page goes away before it has answered: what is said next settles it.
  const output = await holds(page, 'threads.add_client_tool_output')
  provider.plays(calls({ name: 'open_tasks_page' }))
  await write(page, 'Open my tasks page')
  await output.asked
  await page.reload()
  await log.getByText('open_tasks_page (pending)').waitFor()
  await output.end()
  provider.plays(says('Fine.'))
  await write(page, 'Never mind')
  await log.getByText('Fine.').waitFor()
  await log.getByText('open_tasks_page (completed)').waitFor()

  // Now it may: the page goes where it was asked to, after the last words.
  provider.plays(calls({ name: 'open_tasks_page' }), says('There they are.'))
  await write(page, 'Open it after all')
  await page.waitForURL('**/dashboard')
  await visit(page, conversation)
  await log.getByText('There they are.').waitFor()
  expect(await log.getByText('open_tasks_page (completed)').count()).toBe(2)
  expect(problems).toEqual([])

  // A token that is not taken is renewed once, and nobody notices.
  const refused = await refuses(page, 'threads.add_user_message')
  provider.plays(says('Still here.'))
  await write(page, 'Are you there?')
  await log.getByText('Still here.').waitFor()
  expect(refused()).toBe(2)

  // ChatKit speaks the page's language, and so does what our server writes there; it knows its place: where it takes itself away, the panel serves, and says why.
  await context.addCookies([{ name: 'parley-language', value: 'de', url: server.url }])
  await visit(page, conversation)
  await log.getByText('Still here.').waitFor()
  expect(await chat.getAttribute('lang')).toBe('de')
  provider.plays(calls({ name: 'list_tasks' }), says('That is all of them.'))
  await write(page, 'Which are open?')
  await log.getByText('That is all of them.').waitFor()
  await log.getByText('Deine Aufgaben angesehen').first().waitFor()
  await chat.evaluate((it) => it.remove())
  await page.getByText('PARLEY_CHATKIT_DOMAIN_KEY').waitFor()
  await page.getByText('Still here.').waitFor()
  await page.getByRole('button', { name: 'ChatKit noch einmal versuchen' }).click()
  await log.getByText('Still here.').waitFor()
  expect(provider.refusals).toEqual([])
}, 240_000)

const asksWhichDay = calls({
  name: 'ask_person',
  arguments: { questions: [{ question: 'Which day?', options: ['Monday', 'Tuesday'] }] },
})

test('whatever keeps ChatKit away, the panel serves, says so, and lets the person try again', async () => {
  const { page: first, context } = await comes('Cleo')
  await first.locator('openai-chatkit').getByText('What can I do for you?').waitFor()
  const failing: [string, (tab: Page) => Promise<unknown>][] = [
    ['ChatKit could not be loaded from its host', (tab) => tab.route(host, (route) => route.abort())],
    [
      'ChatKit’s host answered with something else than ChatKit',
      (tab) => tab.route(host, (route) => route.fulfill({ contentType: 'text/javascript', body: '' })),
    ],
    ['ChatKit’s host does not answer', (tab) => tab.route(host, () => {})],
    ['ChatKit was loaded but did not start', (tab) => played(tab, { neverReady: true })],
    ['ChatKit refused to start', (tab) => played(tab, { bootError: 'no' })],
  ]
  for (const [sentence, prepare] of failing) {
    const tab = await context.newPage()
    await prepare(tab)
    await visit(tab, '/dashboard/chat')
    await tab.getByText(sentence).waitFor({ timeout: 60_000 })
    await tab.getByRole('textbox', { name: 'Message' }).waitFor()
    if (sentence === failing[0]?.[0]) {
      await tab.getByRole('button', { name: 'Try ChatKit again' }).click()
      await tab.getByText('Trying ChatKit again…').waitFor()
      await tab.getByText(`Tried again, and it did not help. ${sentence}`).waitFor()
    }
    await tab.unroute(host)
    await tab.evaluate('Object.assign((window.__CHATKIT_STANDIN__ ??= {}), { neverReady: false, bootError: null })')
    await tab.getByRole('button', { name: 'Try ChatKit again' }).click()
    await tab.locator('openai-chatkit').getByText('What can I do for you?').waitFor()
    await tab.close()
  }
}, 240_000)

const played = (page: Page, it: object) =>
  page.addInitScript((it) => Object.assign(window, { __CHATKIT_STANDIN__: it }), it)

/** The names of what ChatKit told of itself so far, in one line. */
const happened = (page: Page) =>
  page.evaluate<string>('window.__CHATKIT_STANDIN__.log.map((it) => it.event ?? "").join(" ")')

/** Never lets these requests of ChatKit through, until it ends. */
async function holds(page: Page, type: string) {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  await page.route('**/chatkit', (route) =>
    route.request().postDataJSON().type === type ? resolve() : route.fallback(),
  )
  return { asked, end: () => page.unroute('**/chatkit') }
}

/** Answers 401 to the first of these requests. Gives how many came. */
async function refuses(page: Page, type: string): Promise<() => number> {
  let count = 0
  await page.route('**/chatkit', (route) => {
    if (route.request().postDataJSON().type !== type || ++count > 1) return route.fallback()
    return route.fulfill({ status: 401, json: { error: { code: 'UNAUTHENTICATED' } } })
  })
  return () => count
}

/** Holds up what ChatKit asks for when it reads its thread again, until it is released. */
async function holdRereading(page: Page) {
  const asked = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  await page.route('**/chatkit', async (route) => {
    if (route.request().postDataJSON().type === 'threads.get_by_id') {
      asked.resolve()
      await released.promise
    }
    // What was broken off meanwhile cannot go on.
    await route.continue().catch(() => {})
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

/** The one that was spoken of last. */
const taskIdIn = (text: string) => text.match(/task_[0-9a-z]{26}/g)?.at(-1)

/** How the newest answer ended, as the page's own person may ask. */
const statusOf = async (page: Page, conversation: string) =>
  /"status":"(\w+)"/.exec(await ask(page, conversation, 'runs(first: 1) { edges { node { status } } }'))?.[1]

/** What GraphQL says of the conversation to the page's own person. */
async function ask(page: Page, conversation: string, fields: string): Promise<string> {
  const query = `query ($id: ID!) { conversation(id: $id) { ${fields} } }`
  const answer = await page.request.post('/graphql', {
    data: { query, variables: { id: conversation.split('/').at(-1) } },
    headers: { origin: new URL(conversation).origin },
  })
  return answer.text()
}
