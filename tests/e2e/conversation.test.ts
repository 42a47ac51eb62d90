import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { cleanUp } from '../support/cleaning.ts'
import { importLong, lineOf } from '../support/long-conversation.ts'
import { expectAccessible, hydrated, openBrowser, openTab, signUp, visit } from '../support/page.ts'
import { startPages } from '../support/pages.ts'
import { pause, says, startProvider } from '../support/scripted-provider.ts'

/** A new person with a server and a browser of their own, at the panel. `foreign` is what the page asked of other hosts. */
async function comes(name: string) {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const models = { OPENAI_BASE_URL: provider.url, OPENAI_API_KEY: 'test', PARLEY_MODEL: 'm' }
  const { server, browser } = await startPages(models)
  const context = await openBrowser(browser, server.url)
  cleanUp(() => context.close())
  await context.addCookies([{ name: 'parley-chat', value: 'panel', url: server.url }])
  const { page, problems } = await openTab(context)
  const foreign: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith('data:')) foreign.push(request.url())
  })
  await signUp(page, name)
  return {
    provider,
    server,
    context,
    page,
    problems,
    foreign,
    log: page.getByRole('log'),
    input: page.getByRole('textbox', { name: 'Message', exact: true }),
  }
}

async function asks(page: Page, text: string): Promise<void> {
  const input = page.getByRole('textbox', { name: 'Message', exact: true })
  await input.fill(text)
  await input.press('Enter')
}

const rich = `Prices: $5 or $10. Then $x^2$ and \\(y_1\\).

$$
\\frac{a}{b} = \\sqrt{c} \\href{javascript:alert(1)}{d}
$$

| a | b |
| - | - |
| 1 | 2 |

\`\`\`ts
const answer: number = 42 // why
\`\`\`

![pixel](https://evil.example/p.png) [bad](javascript:alert(1)) [good](https://example.test/) <img src=x onerror=alert(1)>

The end.`

test('markdown: coloured code, tables and formulas; prices stay prices; nothing hostile comes to life', async () => {
  const { provider, server, context, page, problems, foreign, log } = await comes('Ada')
  provider.plays(says('Wait. ', pause, rich))
  await visit(page, '/dashboard/chat')
  await asks(page, 'Show me all you can')
  await page.locator('[data-spoken]').getByText('Wait.').waitFor({ state: 'attached' })
  provider.resume()
  await log.getByText('The end.').waitFor()
  await log.locator('.hljs-keyword', { hasText: 'const' }).waitFor()
  await log.locator('.katex-display').waitFor()
  expect(await log.locator('.katex').count()).toBe(3)
  expect(await log.innerText()).toContain('Prices: $5 or $10.')
  expect(await log.getByRole('table').innerText()).toContain('1')
  expect(await log.locator('img, script').count()).toBe(0)
  expect(await log.locator('a').evaluateAll((all) => all.map((it) => it.getAttribute('href')))).toEqual([
    ...['https://evil.example/p.png', 'https://example.test/'],
  ])
  const spoken = page.locator('[data-spoken] p')
  expect((await spoken.allInnerTexts()).join(' ')).toContain('The end.')
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url })
  for (const [name, text] of [
    ['Copy the code', 'const answer: number = 42 // why'],
    ['Copy the answer', `Wait. ${rich}`],
    ['Copy the message', 'Show me all you can'],
  ] as const) {
    await log.getByRole('button', { name }).click()
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText()), { message: name }).toBe(text)
  }
  await log.getByRole('button', { name: 'Bad answer' }).click()
  await log.getByRole('button', { name: 'Bad answer', pressed: true }).waitFor()
  await expectAccessible(page)
  for (const width of [320, 3_840]) {
    await page.setViewportSize({ width, height: width === 320 ? 568 : 2_160 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px`).toBe(true)
  }
  await page.setViewportSize({ width: 1280, height: 800 })

  // The name in the list is the name above, and pinned ones come first.
  const inList = page.getByRole('navigation', { name: 'Conversations' })
  await inList.getByRole('button', { name: 'Options for A title' }).click()
  await page.getByRole('menuitem', { name: 'Rename' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('All of it')
  await page.keyboard.press('Enter')
  await inList.getByRole('link', { name: 'All of it' }).waitFor()
  await page.getByRole('heading', { level: 1, name: 'All of it' }).waitFor()
  await inList.getByRole('button', { name: 'Options for All of it' }).click()
  await page.getByRole('menuitem', { name: 'Pin' }).click()
  await inList.getByRole('heading', { name: 'Pinned' }).waitFor()

  await page.reload()
  await hydrated(page)
  await log.locator('.katex-display').waitFor()
  expect(await spoken.count(), 'what was there is not read out').toBe(0)
  await log.getByRole('button', { name: 'Bad answer', pressed: true }).click()
  await log.getByRole('button', { name: 'Bad answer', pressed: false }).waitFor()
  expect(foreign).toEqual([])
  expect(problems).toEqual([])
})

const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

test('files: chosen, pasted and dropped ones go along, wrong ones are refused in words, what is not sent stays', async () => {
  const { provider, page, problems, log, input } = await comes('Bea')
  await visit(page, '/dashboard/chat')
  const chooser = page.locator('form input[type=file]')
  const chips = page.getByRole('list', { name: 'Files that are sent along' })
  await chooser.setInputFiles([
    { name: 'dot.png', mimeType: 'image/png', buffer: picture },
    { name: 'tool.exe', mimeType: 'application/octet-stream', buffer: Buffer.from([0x4d, 0x5a, 0, 1, 2]) },
  ])
  await page.getByText('tool.exe cannot be read here.').waitFor()
  await chips.getByText('Attached').waitFor()
  await chooser.setInputFiles({ name: 'big.txt', mimeType: 'text/plain', buffer: Buffer.alloc(10_485_761, 'a') })
  await page.getByText('big.txt is larger than 10 MB.').waitFor()
  for (const [kind, name] of [
    ['paste', 'pasted.txt'],
    ['drop', 'dropped.md'],
  ] as const)
    await input.evaluate(
      (element, [kind, name]) => {
        const data = new DataTransfer()
        data.items.add(new File(['Some text'], name ?? '', { type: 'text/plain' }))
        const event =
          kind === 'paste'
            ? new ClipboardEvent(kind, { clipboardData: data, bubbles: true, cancelable: true })
            : new DragEvent(kind ?? '', { dataTransfer: data, bubbles: true, cancelable: true })
        element.dispatchEvent(event)
      },
      [kind, name],
    )
  await expect.poll(() => chips.getByText('Attached').count()).toBe(3)
  await chips.getByRole('button', { name: 'Remove dropped.md' }).click()
  await expectAccessible(page)
  await page.reload()
  await hydrated(page)
  await expect.poll(() => chips.getByRole('listitem').count(), { message: 'they are kept with the draft' }).toBe(2)

  provider.plays(says('A dot.'))
  await asks(page, 'What is this?')
  await log.getByText('A dot.').waitFor()
  const sent = log.getByRole('list', { name: 'Files of this message' })
  const image = sent.getByRole('link', { name: 'Picture: dot.png' }).locator('img')
  await expect.poll(() => image.evaluate((it: HTMLImageElement) => it.naturalWidth)).toBe(1)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    sent.getByRole('link', { name: 'pasted.txt' }).click(),
  ])
  expect(download.suggestedFilename()).toBe('pasted.txt')
  expect(await chips.count()).toBe(0)
  expect(JSON.stringify(provider.requests.at(-1)?.transcript)).toContain('Some text')
  await expectAccessible(page)
  // What is refused stands in the console of any browser.
  expect(problems.filter((it) => !it.includes('/attachments'))).toEqual([])
})

test('what waits is changed and taken back; seven versions are stepped through; a change and a draft outlast a reload and the end of the sign-in', async () => {
  const { provider, server, context, page, problems, log, input } = await comes('Cleo')
  provider.plays(says('One', pause), says('Second answer'))
  await visit(page, '/dashboard/chat')
  await asks(page, 'First')
  await log.getByText('One').waitFor()
  await page.waitForURL('**/dashboard/chat/conv_**')
  await asks(page, 'Second')
  await log.getByText('Waiting for its turn').waitFor()
  await asks(page, 'Third')
  await log.getByText('Third').waitFor()
  await expect.poll(() => log.getByText('Waiting for its turn').count()).toBe(2)
  await log.getByRole('button', { name: 'Take back' }).nth(1).click()
  await expect.poll(() => input.inputValue()).toBe('Third')
  await log.getByRole('button', { name: 'Change' }).click()
  const editor = log.getByRole('textbox', { name: 'Edit the message' })
  await editor.fill('Second, but better')
  await expectAccessible(page)
  await page.reload()
  await hydrated(page)
  expect(await editor.inputValue()).toBe('Second, but better')
  await editor.press('Enter')
  await editor.waitFor({ state: 'detached' })
  await log.getByText('Second, but better').waitFor()
  expect(await log.getByText('Third').count()).toBe(0)
  provider.resume()
  await log.getByText('Second answer').waitFor()
  await page.getByText('The answer is complete.').waitFor()
  expect(await input.inputValue()).toBe('Third')

  for (const version of [2, 3, 4, 5, 6]) {
    provider.plays(says(`To version ${version}`))
    await log.getByRole('button', { name: 'Edit the message' }).last().click()
    await editor.fill(`Version ${version}`)
    await editor.press('Enter')
    await log.getByText(`To version ${version}`).waitFor()
    await page.getByText('The answer is complete.').waitFor()
  }
  const earlier = log.getByRole('button', { name: 'Earlier version' })
  await earlier.press('Enter')
  await log.getByText('6 of 7').waitFor()
  for (let step = 0; step < 5; step++) await earlier.press('Enter')
  await log.getByText('1 of 7').waitFor()
  await log.getByText('Second', { exact: true }).waitFor()
  await expect.poll(() => earlier.evaluate((it) => it === document.activeElement)).toBe(true)

  // By key: what was said last, for another change; a change that one leaves comes to nothing.
  await input.fill('')
  await input.press('ArrowUp')
  expect(await editor.inputValue()).toBe('Version 6')
  await editor.press('Escape')
  await editor.waitFor({ state: 'detached' })
  expect(
    await log
      .getByRole('button', { name: 'Edit the message' })
      .last()
      .evaluate((it) => it === document.activeElement),
  ).toBe(true)

  // The sign-in ends while one writes.
  await input.fill('Not lost')
  expect(problems).toEqual([])
  const conversation = page.url()
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
  const headers = { cookie, origin: server.url, 'content-type': 'application/json' }
  await fetch(`${server.url}/api/auth/sign-out`, { method: 'POST', headers, body: '{}' })
  // The page hears of it when it has to ask anew.
  await context.setOffline(true)
  await page.locator('[data-connection=offline]').waitFor()
  await context.setOffline(false)
  const ended = page.getByRole('alert').filter({ hasText: 'Your sign-in has ended.' })
  await ended.waitFor()
  await expectAccessible(page)
  await ended.getByRole('link', { name: 'Sign in' }).click()
  await page.waitForURL('**/sign-in?to=*')
  await hydrated(page)
  await page.getByLabel('E-mail').fill('cleo@example.test')
  await page.getByLabel('Password').fill('correct horse battery staple')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(conversation)
  await expect.poll(() => input.inputValue()).toBe('Not lost')
})

test('two thousand messages: opened at the newest, scrolled back without a jump, opened at any of them', async () => {
  const { page, problems, log, input } = await comes('Dora')
  const address = await importLong(page, 2_000)
  await visit(page, address)
  await log.getByText(lineOf(1_998)).waitFor()
  const drawn = () => log.locator('[id^=msg_]').count()
  expect(await drawn()).toBe(50)

  // The wheel leads back, and what is read stays where it is when more comes before it.
  const asked = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  await page.route('**/graphql', async (route) => {
    if (route.request().postData()?.includes('EarlierMessages')) {
      asked.resolve()
      await answered.promise
    }
    await route.continue()
  })
  await page.mouse.move(700, 400)
  const reading = async () => {
    for (;;) {
      await page.mouse.wheel(0, -700)
      if (await Promise.race([asked.promise.then(() => true), page.waitForTimeout(50).then(() => false)])) return
    }
  }
  await reading()
  await expect.poll(async () => (await firstInSight(page)).top - (await firstInSight(page)).top).toBe(0)
  const before = await firstInSight(page)
  answered.resolve()
  await expect.poll(drawn, { timeout: 30_000 }).toBeGreaterThan(50)
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  expect(Math.abs((await firstInSight(page)).top - before.top), 'nothing jumped').toBeLessThan(2)
  expect((await firstInSight(page)).id).toBe(before.id)
  await page.getByRole('button', { name: 'Newest' }).click()
  await expect.poll(() => inSight(page, lineOf(1_998))).toBe(true)
  expect(await log.evaluate((it) => it === document.activeElement)).toBe(true)

  const id = await idOf(page, address, lineOf(600))
  await visit(page, `${address}#${id}`)
  await expect.poll(() => inSight(page, lineOf(600)), { timeout: 60_000 }).toBe(true)
  await log.getByText(lineOf(600), { exact: true }).waitFor()
  expect(await drawn()).toBeGreaterThanOrEqual(1_400)
  await page.mouse.move(700, 400)
  await page.mouse.wheel(0, -600)
  await expect.poll(() => inSight(page, lineOf(598))).toBe(true)
  await input.fill('Still here')
  expect(await input.inputValue()).toBe('Still here')
  expect(problems).toEqual([])
})

test('a conversation that is deleted elsewhere is gone here too, without a word of a lost line; older ones come when asked for', async () => {
  const { provider, page, problems, log } = await comes('Finn')
  provider.plays(says('Hello.'))
  await visit(page, '/dashboard/chat')
  await asks(page, 'Hello?')
  await page.getByText('The answer is complete.').waitFor()
  await page.locator('[data-connection=live]').waitFor()
  await page.evaluate(() => {
    const said: unknown[] = []
    const look = () => said.push(document.querySelector('[data-connection]')?.getAttribute('data-connection'))
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true })
    Object.assign(window, { said })
  })
  const mutate = (...fields: string[]) =>
    page.request.post('/graphql', {
      headers: { origin: new URL(page.url()).origin },
      data: { query: `mutation { ${fields.map((it, at) => `_${at}: ${it}`).join(' ')} }` },
    })
  await mutate(`deleteConversation(input: { conversationId: "${page.url().split('/').at(-1)}" }) { deletedId }`)
  await page.waitForURL(/\/dashboard\/chat$/)
  expect(await page.evaluate('window.said')).not.toContain('lost')
  await log.waitFor({ state: 'detached' })

  const made = 'createConversation(input: {}) { conversation { id } }'
  for (let times = 0; times < 4; times++) await mutate(...Array.from({ length: 10 }, () => made))
  await visit(page, '/dashboard/history')
  const listed = page.locator('[data-conversation]')
  expect(await listed.count()).toBe(30)
  const inSidebar = page.getByRole('navigation', { name: 'Conversations' }).locator('a[href*="/chat/conv_"]')
  expect(await inSidebar.count()).toBe(30)
  await page.getByRole('button', { name: 'Show older ones' }).click()
  await expect.poll(() => inSidebar.count()).toBe(40)
  await page.getByRole('button', { name: 'Show older ones' }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Show more' }).click()
  await expect.poll(() => listed.count()).toBe(40)
  await page.getByRole('button', { name: 'Show more' }).waitFor({ state: 'detached' })
  expect(problems).toEqual([])
})

test('who leaves stays away; a network or a server that goes: the page says so, sends once when it is back, and goes on', async () => {
  const { provider, server, context, page, log } = await comes('Ella')
  provider.plays(says('Welcome.'), says('Hello.'), says('Yes.'))
  await visit(page, '/dashboard/chat')
  await asks(page, 'First of all')
  await page.getByText('The answer is complete.').waitFor()
  const titles = page.getByRole('navigation', { name: 'Conversations' }).getByRole('link', { name: 'A title' })
  await titles.waitFor()
  // From here on the way to a conversation needs nothing that is not here: it would be gone at once.
  await page.getByRole('link', { name: 'New chat' }).click()
  // Until then what is written goes to the conversation that was left.
  await page.waitForURL(/\/dashboard\/chat$/)
  await log.getByText('Welcome.').waitFor({ state: 'detached' })
  const sent = Promise.withResolvers<void>()
  await page.route('**/graphql', async (route) => {
    if (route.request().postData()?.includes('mutation Say')) await sent.promise
    await route.continue()
  })
  await asks(page, 'Hello?')
  await log.getByText('Hello?').waitFor()
  await page.getByRole('link', { name: 'Dashboard' }).click()
  await page.getByRole('heading', { level: 1, name: 'Dashboard' }).waitFor()
  // The list hears of what happens from when its stream is open.
  await page.locator('[data-connection=live]').waitFor()
  sent.resolve()
  await expect.poll(() => titles.count()).toBe(2)
  expect(new URL(page.url()).pathname).toBe('/dashboard')
  await page.unrouteAll({ behavior: 'wait' })
  await titles.first().click()
  await log.getByText('Hello.').waitFor()

  await page.locator('[data-connection=live]').waitFor()
  await context.setOffline(true)
  const offline = page.getByText('You are offline. What you write is kept, and sent when the connection is back.')
  await offline.waitFor()
  await expectAccessible(page)
  await context.setOffline(false)
  await page.locator('[data-connection=live]').waitFor()
  await offline.waitFor({ state: 'detached' })
  await server.kill()
  await asks(page, 'Are you there?')
  await log.getByText(/This is sent by itself when it is back/).waitFor()
  await page.getByText(/^(Reconnecting|Not connected|You are offline)$/).waitFor()
  await expectAccessible(page)
  await server.start()
  await log.getByText('Yes.').waitFor({ timeout: 90_000 })
  expect(await log.getByText('Are you there?').count()).toBe(1)
  expect(provider.refusals).toEqual([])
}, 300_000)

/** Whether a message stands within the log’s window. */
const inSight = (page: Page, text: string) =>
  page.getByRole('log').evaluate((log, text) => {
    const item = [...log.querySelectorAll('[id^=msg_]')].find((it) => it.textContent?.includes(text))
    const box = item?.getBoundingClientRect()
    const window = log.getBoundingClientRect()
    return box !== undefined && box.bottom > window.top && box.top < window.bottom
  }, text)

/** What stands first in the log’s window, and how high. */
const firstInSight = (page: Page) =>
  page.getByRole('log').evaluate((log) => {
    const edge = log.getBoundingClientRect().top
    const items = [...log.querySelectorAll('[id^=msg_]')]
    const first = items.find((it) => it.getBoundingClientRect().bottom > edge)
    return { id: first?.id, top: first?.getBoundingClientRect().top ?? 0 }
  })

async function idOf(page: Page, address: string, text: string): Promise<string> {
  const id = address.split('/').at(-1)
  let after = ''
  for (;;) {
    const query = `{ conversation(id: "${id}") { messages(first: 100${after && `, after: "${after}"`}) { edges { node { id content } } pageInfo { endCursor hasNextPage } } } }`
    const headers = { origin: new URL(page.url()).origin }
    const { messages } = (await (await page.request.post('/graphql', { headers, data: { query } })).json()).data
      .conversation
    const found = messages.edges.find((it: { node: { content: string } }) => it.node.content === text)
    if (found) return found.node.id
    if (!messages.pageInfo.hasNextPage) throw new Error(`There is no “${text}”.`)
    after = messages.pageInfo.endCursor
  }
}
