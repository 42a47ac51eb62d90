import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startApp } from '../support/app.ts'
import { cleanUp } from '../support/cleaning.ts'
import { calls, says, startProvider } from '../support/scripted-provider.ts'

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
