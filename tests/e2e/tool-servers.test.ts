import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { expectAccessible, openBrowser, openTab, visit } from '../support/page.ts'
import { startPages } from '../support/pages.ts'
import { calls, says, startProvider } from '../support/scripted-provider.ts'

test('three tool servers from npm are used in the browser; one is killed, and is back by itself', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'hello.txt'), 'Hello from a file')
  writeFileSync(join(folder, 'long.txt'), `${'A line of many.\n'.repeat(10_000)}The last line.`)
  const programs = mkdtempSync(join(tmpdir(), 'parley-'))
  onTestFinished(() => rmSync(programs, { recursive: true, force: true }))
  // The folder is named to all of them, so that their processes are known by it; without its link none can be started.
  const run = (name: string, ...args: string[]) => {
    const program = join(programs, `server-${name}`)
    symlinkSync(resolve(`node_modules/@modelcontextprotocol/server-${name}`), program)
    return { command: process.execPath, args: [join(program, 'dist/index.js'), ...args, folder] }
  }
  const mcpServers = {
    everything: run('everything', 'stdio'),
    files: run('filesystem'),
    memory: { ...run('memory'), env: { MEMORY_FILE_PATH: join(folder, 'memory.json') } },
  }
  const file = join(folder, 'mcp.json')
  writeFileSync(file, JSON.stringify({ mcpServers }))
  const provider = await startProvider()
  onTestFinished(() => provider.close())
  const { server, browser } = await startPages({
    PARLEY_MCP_CONFIG: file,
    ...{ OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: provider.url, PARLEY_MODEL: 'scripted' },
  })
  const context = await openBrowser(browser, server.url)
  const { page, problems } = await openTab(context)
  await visit(page, '/sign-up')
  await page.getByLabel('Name').fill('Ada')
  await page.getByLabel('E-mail').fill('ada@example.test')
  await page.getByLabel('Password').fill('correct horse battery staple')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL('**/dashboard**')
  await page.getByRole('link', { name: 'New chat' }).click()
  await page.getByText('Parley’s own chat').waitFor()

  provider.plays(
    calls(
      { name: 'everything__echo', arguments: { message: 'over there' } },
      { name: 'files__read_text_file', arguments: { path: join(folder, 'hello.txt') } },
      { name: 'memory__read_graph' },
    ),
    says('All three answered.'),
  )
  await ask(page, 'Try all three', 'All three answered.')
  const cards = page.getByRole('article', { name: /^Tool:/ })
  expect(await cards.count()).toBe(3)
  for (const card of await cards.all()) expect(await card.innerText()).toContain('Done')
  await cards.nth(1).locator('summary').click()
  expect(await cards.nth(1).innerText()).toContain('Hello from a file')
  await expectAccessible(page)

  // Each kind of result is shown as what it is; nothing in it is opened by itself.
  provider.plays(
    calls(
      { name: 'everything__get-tiny-image' },
      { name: 'everything__get-resource-links', arguments: { count: 1 } },
      { name: 'everything__get-structured-content', arguments: { location: 'Chicago' } },
      { name: 'files__read_text_file', arguments: { path: join(folder, 'long.txt') } },
    ),
    says('These are all kinds.'),
  )
  await ask(page, 'Show me', 'These are all kinds.')
  const [picture, link, table, text] = [3, 4, 5, 6].map((at) => cards.nth(at))
  for (const card of [picture, link, table, text]) await card?.locator('summary').click()
  const image = picture?.locator('img')
  await image?.waitFor()
  expect(await image?.getAttribute('src')).toMatch(/^data:image\/png;base64,/)
  expect(await image?.evaluate((it: HTMLImageElement) => it.decode().then(() => it.naturalWidth > 0))).toBe(true)
  expect(await link?.innerText()).toContain('A link')
  expect(await link?.locator('a').count()).toBe(0)
  expect(await table?.locator('dt').allInnerTexts()).toContain('humidity')
  expect(await text?.innerText()).not.toContain('The last line.')
  const more = text?.getByRole('button', { name: 'Show more' })
  for (let n = 0; n < 2; n++) {
    await more?.click()
    await text?.getByText(n === 0 ? 'The first 131 kB of it.' : 'The last line.').waitFor()
  }
  expect(await more?.count()).toBe(0)
  await expectAccessible(page)

  const long = { name: 'everything__trigger-long-running-operation', arguments: { duration: 60, steps: 60 } }
  provider.plays(calls(long), says('That did not work.'))
  const answered = ask(page, 'Take your time', 'That did not work.')
  await cards.nth(7).waitFor()
  await cards.nth(7).getByRole('progressbar').waitFor()
  const program = join(programs, 'server-everything')
  renameSync(program, `${program}-away`)
  process.kill(pidOf('everything', folder), 'SIGKILL')
  await answered
  await cards.nth(7).locator('summary').click()
  expect(await cards.nth(7).innerText()).toContain('The connection was lost.')

  // The settings say what is wrong with it, and what each server says of its tools.
  const { page: settings, problems: others } = await openTab(context)
  await visit(settings, '/dashboard/settings')
  const everything = settings.locator('[data-server=everything]')
  const why = everything.getByText(/^The connection was/)
  await why.waitFor()
  expect(await everything.getAttribute('data-status')).not.toBe('CONNECTED')
  renameSync(`${program}-away`, program)
  const files = settings.locator('[data-server=files]')
  await files.locator('summary').click()
  expect(await marksOf(files, 'read_text_file')).toEqual(['Only reads'])
  expect(await marksOf(files, 'write_file')).toEqual(['Safe to repeat', 'May destroy', 'Asks you first'])
  expect(await marksOf(files, 'edit_file')).toEqual(['May destroy', 'Asks you first'])
  expect(await marksOf(files, 'create_directory')).toEqual(['Safe to repeat'])
  await expectAccessible(settings)
  const look = async () => {
    await settings.getByRole('button', { name: 'Look again' }).click()
    return everything.getAttribute('data-status')
  }
  await expect.poll(look, { timeout: 60_000, interval: 500 }).toBe('CONNECTED')
  expect(await why.count()).toBe(0)
  expect(others).toEqual([])
  await settings.close()
  await page.bringToFront()

  provider.plays(calls({ name: 'everything__echo', arguments: { message: 'again' } }), says('It is back.'))
  await ask(page, 'Once more', 'It is back.')
  await cards.nth(8).getByText(/^Done/).waitFor()
  expect(provider.refusals).toEqual([])
  expect(problems).toEqual([])
}, 240_000)

/** What is marked beside the name of a tool. */
function marksOf(server: Locator, tool: string): Promise<string[]> {
  const item = server.locator('li', { has: server.page().getByText(tool, { exact: true }) })
  return item.locator('p').first().locator('span + code ~ span').allInnerTexts()
}

async function ask(page: Page, question: string, answer: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(question)
  await page.keyboard.press('Enter')
  await page.getByRole('log').getByText(answer).waitFor({ timeout: 60_000 })
}

function pidOf(name: string, folder: string): number {
  const pid = readdirSync('/proc').find((it) => {
    try {
      const command = readFileSync(`/proc/${it}/cmdline`, 'utf8')
      return command.includes(`/server-${name}/`) && command.includes(folder)
    } catch {
      return false
    }
  })
  if (!pid) throw new Error(`There is no server-${name}.`)
  return Number(pid)
}
