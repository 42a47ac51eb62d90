import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../tests/support/browser.ts'
import { importLong } from '../tests/support/long-conversation.ts'
import { startParley } from './parley-server.ts'

const rounds = 5
const letters = 'The quick brown fox jumps over the lazy dog'

/**
 * `node bench/long-conversation.ts`: what a conversation of 2,000 messages costs in the panel, in Chromium, beside one of
 * 20: until the newest message is there, and from a key to the frame that shows its letter. Ratios say more than
 * milliseconds of one machine.
 */
async function main(): Promise<void> {
  const parley = await startParley(3770)
  const browser = await launchBrowser()
  try {
    await measure(browser, parley.url)
  } finally {
    await browser.close()
    await parley.close()
  }
}

async function measure(browser: Browser, url: string): Promise<void> {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1280, height: 800 } })
  await context.addCookies([{ name: 'parley-chat', value: 'panel', url }])
  const page = await context.newPage()
  await page.goto('/sign-up')
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' })
  await page.getByLabel('Name').fill('Ada')
  await page.getByLabel('E-mail').fill('ada@example.com')
  await page.getByLabel('Password').fill('correct horse battery staple')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL('**/dashboard')
  const short = await importLong(page, 20)
  const long = await importLong(page, 2_000)

  const opened = { short: [] as number[], long: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    opened.short.push(await open(page, short))
    opened.long.push(await open(page, long))
  }
  say('open, 20 messages', opened.short)
  say('open, 2,000 messages', opened.long)
  console.log(`scripts of the page, compressed: ${await scriptBytes(page, long)} kB`)

  await open(page, short)
  say('a key, 20 messages', await keys(page))
  await open(page, long)
  say('a key, 2,000 messages, the newest here', await keys(page))
  const began = performance.now()
  const items = await scrollBack(page)
  console.log(`back to the first of ${items} messages: ${Math.round(performance.now() - began)} ms`)
  say(`a key, all ${items} here, at the first`, await keys(page))
  await page.getByRole('button', { name: 'Newest' }).click()
  say(`a key, all ${items} here, at the newest`, await keys(page))
  await page.addStyleTag({ content: '[role=log] * { content-visibility: visible !important }' }).catch(() => {})
  await page.evaluate(() => {
    for (const item of document.querySelectorAll<HTMLElement>('[id^=msg_]')) item.style.contentVisibility = 'visible'
  })
  say(`the same, all of it laid out`, await keys(page))
}

/** Until the newest message is there and the page listens, in milliseconds. */
async function open(page: Page, path: string): Promise<number> {
  await page.goto('about:blank')
  const began = performance.now()
  await page.goto(path, { waitUntil: 'commit' })
  await page.locator('html[data-hydrated] [role=log] [id^=msg_] >> nth=-1').waitFor()
  return performance.now() - began
}

/** From each key to the frame behind it. */
async function keys(page: Page): Promise<number[]> {
  const input = page.getByRole('textbox', { name: 'Message' })
  await input.fill('')
  await input.evaluate((element) => {
    const times: number[] = []
    Object.assign(window, { keyTimes: times })
    element.addEventListener('keydown', ({ timeStamp }) =>
      requestAnimationFrame(() => {
        const channel = new MessageChannel()
        channel.port1.onmessage = () => times.push(performance.now() - timeStamp)
        channel.port2.postMessage(null)
      }),
    )
  })
  await input.pressSequentially(letters, { delay: 40 })
  return page.evaluate(() => (window as unknown as { keyTimes: number[] }).keyTimes)
}

/** To the first message, as by holding the Home key; gives how many are here then. */
async function scrollBack(page: Page): Promise<number> {
  const log = page.getByRole('log')
  const items = log.locator('[id^=msg_]')
  for (;;) {
    const before = await items.count()
    await log.evaluate((it) => it.scrollTo({ top: -it.scrollHeight }))
    const more = page.getByRole('button', { name: 'Show earlier messages' })
    if ((await more.count()) === 0) return items.count()
    await page.waitForFunction((before) => document.querySelectorAll('[role=log] [id^=msg_]').length > before, before, {
      timeout: 90_000, // who reads so fast is asked to wait for the rest of the minute
    })
  }
}

async function scriptBytes(page: Page, path: string): Promise<number> {
  let bytes = 0
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  const scripts = new Set<string>()
  session.on('Network.responseReceived', ({ type, requestId }) => {
    if (type === 'Script') scripts.add(requestId)
  })
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) bytes += encodedDataLength
  })
  await open(page, path)
  await page.waitForTimeout(1_000) // what is loaded for code and formulas comes behind
  await session.detach()
  return Math.round(bytes / 1000)
}

function say(what: string, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10
  console.log(`${what}: median ${at(0.5)} ms, nine of ten within ${at(0.9)} ms`)
}

await main()
