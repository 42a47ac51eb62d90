import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { cleanUp } from '../support/cleaning.ts'
import { freePort } from '../support/server-process.ts'

/** An API that only notes how it is asked, and knows nobody. */
async function startApi() {
  const asked: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers)
    const answer = request.url?.includes('get-session') ? null : { providers: [], mail: false }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => server.close())
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function startWeb(env: Record<string, string>): Promise<ChildProcess> {
  const { PATH, HOME, NODE_ENV } = process.env // Remix's types want the latter
  const child = spawn(process.execPath, ['web/main.ts'], {
    env: { PATH, HOME, NODE_ENV, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  cleanUp(async () => {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('are served on')) return child
  throw new Error('The pages are not served.')
}

test('a web process of its own says whom it asks for, whatever the browser says of itself', async () => {
  const api = await startApi()
  const port = String(await freePort())
  await startWeb({ API_URL: api.url, PARLEY_URL: 'https://parley.example', PORT: port })
  const page = await fetch(`http://127.0.0.1:${port}/sign-in`, { headers: { 'x-forwarded-for': '203.0.113.7' } })
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('<form')
  expect(api.asked.length).toBeGreaterThan(0)
  for (const headers of api.asked)
    expect(headers).toMatchObject({ host: 'parley.example', 'x-forwarded-for': '203.0.113.7, 127.0.0.1' })
}, 120_000)
