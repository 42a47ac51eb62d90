import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startApp } from '../support/app.ts'
import { cleanUp } from '../support/cleaning.ts'
import { calls, says, startProvider } from '../support/scripted-provider.ts'
import { runChecks } from './suite/checks.ts'
import { createClient } from './suite/client.ts'
import { hasFaults } from './suite/report.ts'

const main = fileURLToPath(new URL('suite/main.ts', import.meta.url))

/** The program as people run it. */
function runs(...options: string[]): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...options], { timeout: 100_000 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out: stdout + stderr }),
    )
  })
}

test('this server has no fault, and heeds all advice', { timeout: 110_000 }, async () => {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const app = await startApp({ provider })
  const ada = await app.user('ada')
  const { createTask } = await ada.mutate<{ createTask: { task: { id: string } } }>(
    'mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } } }',
    { input: { title: 'milk' } },
  )
  const doing: Record<string, ReturnType<typeof calls>> = {
    'Delete it': calls({ name: 'delete_task', arguments: { task_id: createTask.task.id } }),
    'Open it': calls({ name: 'open_tasks_page' }),
    'Ask me': calls({ name: 'ask_person', arguments: { questions: [{ question: 'Why?' }] } }),
  }
  provider.always(({ transcript }) => {
    const last = transcript.at(-1)
    return (last && 'user' in last && doing[last.user]) || says('Hel', 'lo.')
  })
  const { code, out } = await runs(
    ...['--url', `${app.url}/chatkit`, '--token', await ada.token(), '--strict'],
    ...['--prompt-widget', 'Delete it', '--prompt-client-tool', 'Open it', '--prompt-form', 'Ask me'],
  )
  expect(out).toMatch(/\d\d ok, 0 FAULT, 0 advice, 0 not tried/)
  expect(code).toBe(0)
})

/** A ChatKit server with one thing wrong: what the real one says is changed on the way. */
async function spoilt(url: string, spoil: (text: string, request: { type?: string }) => string): Promise<string> {
  const server = createServer(async (request, answer) => {
    const asked = await buffer(request)
    const headers = { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' }
    const {
      status,
      headers: told,
      ...real
    } = await fetch(url, { method: 'POST', headers, body: asked }).then(async (it) => ({
      status: it.status,
      headers: it.headers,
      text: await it.text(),
    }))
    answer.writeHead(status, {
      'content-type': told.get('content-type') ?? '',
      'cache-control': told.get('cache-control') ?? '',
    })
    answer.end(spoil(real.text, readable(asked.toString())))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/chatkit`
}

function readable(body: string): { type?: string } {
  try {
    return JSON.parse(body)
  } catch {
    return {}
  }
}

/** What is wrong, how it comes about, and which check is to find it. */
const wrongs: [string, (text: string, request: { type?: string }) => string, RegExp][] = [
  ['names its events', (text) => text.replaceAll('data: ', 'event: message\ndata: '), /^threads\.create$/],
  ['leaves out what stops it', (text) => without(text, 'stream_options'), /^threads\.create$/],
  [
    'says null for what is not there',
    (text) => text.replaceAll('"has_more":false', '"has_more":false,"after":null'),
    /get_by_id/,
  ],
  [
    'has a member too many',
    (text) => text.replaceAll('"annotations":[]', '"annotations":[],"secret":1'),
    /^threads\.create$/,
  ],
  ['calls all that is said alike', (text) => text.replace(/msg_\w{26}/g, 'msg_1'), /^threads\.create$/],
  ['ends in the middle', (text) => text.replace(/\n\n$/, ''), /^threads\.create$/],
  [
    'keeps other words than it said',
    (text, { type }) => (type === 'items.list' ? text.replaceAll('Hello', 'Bye') : text),
    /what was streamed/,
  ],
  [
    'never says that there is more',
    (text) => text.replaceAll('"has_more":true', '"has_more":false').replace(/,"after":"[^"]*"/g, ''),
    /pages in both directions/,
  ],
  [
    'does not rename',
    (text, { type }) => (type === 'threads.update' ? text.replaceAll('Conformance', 'Old') : text),
    /^threads\.update$/,
  ],
]

const without = (text: string, type: string) =>
  text.replace(new RegExp(`data: \\{"type":"${type}"[^\\n]*\\n\\n`, 'g'), '')

test('a server with one thing wrong is found out', { timeout: 110_000 }, async () => {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  provider.always(says('Hel', 'lo.'))
  const app = await startApp({ provider })
  const headers = { authorization: `Bearer ${await (await app.user('ada')).token()}` }
  for (const [name, spoil, check] of wrongs) {
    const url = await spoilt(`${app.url}/chatkit`, spoil)
    const outcomes = await runChecks(createClient({ url, headers }), { message: 'Say hello.' })
    const faulty = outcomes.filter(({ level, faults }) => level === 'must' && faults.length > 0)
    expect([name, faulty.map((it) => it.name)]).toEqual([name, expect.arrayContaining([expect.stringMatching(check)])])
    expect(hasFaults(outcomes, false)).toBe(true)
  }
})

test('a server that is none is at fault', async () => {
  const server = createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' })
    answer.end('event: ping\ndata: {"type":"ping"}\n\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => void server.close())
  const { code, out } = await runs('--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  expect(out).toMatch(/^FAULT +threads\.create/)
  expect(out).toContain('not one line of data')
  expect(code).toBe(1)
})

test('it says how it is used', async () => {
  expect(await runs('--help')).toMatchObject({ code: 0, out: expect.stringContaining('--prompt-widget') })
  expect((await runs()).code).toBe(2)
})
