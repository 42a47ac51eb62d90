import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { cleanUp } from '../support/cleaning.ts'
import { freePort } from '../support/server-process.ts'

/** An API that only notes how it is asked, and knows nobody. */
async function startApi() {
  const asked: IncomingHttpHeaders[] = []
  const held = new EventEmitter<{ begun: []; left: [] }>()
  let holding: 'nothing' | 'all' | 'the rest' = 'nothing'
  const server = createServer((request, response) => {
    asked.push(request.headers)
    if (holding !== 'nothing') {
      if (holding === 'the rest') response.writeHead(200, { 'content-type': 'application/json' }).write('{')
      response.once('close', () => held.emit('left'))
      return void held.emit('begun')
    }
    const answer = request.url?.includes('get-session') ? null : { providers: [], mail: false }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => server.close())
  /** From now on answers do not come, or are begun and not ended. */
  const hold = (what: typeof holding) => {
    holding = what
  }
  return { asked, held, hold, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** Has a promise fail for which nobody waits, at a signal. */
const failing = `--import=data:text/javascript,process.on('SIGUSR2',()=>{Promise.reject(new%20Error('stray'))})`

async function startWeb(env: Record<string, string>) {
  const { PATH, HOME, NODE_ENV } = process.env // Remix's types want the latter
  const child = spawn(process.execPath, ['web/main.ts'], {
    env: { PATH, HOME, NODE_ENV, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
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

test('neither whoever leaves in the middle nor a stray failure costs the others the web process', async () => {
  const api = await startApi()
  const port = await freePort()
  const web = await startWeb({ API_URL: api.url, PORT: String(port), NODE_OPTIONS: failing })
  const page = `http://127.0.0.1:${port}/sign-in`
  for (const what of ['all', 'the rest'] as const) {
    api.hold(what)
    const leaving = new AbortController()
    const [begun, left] = [once(api.held, 'begun'), once(api.held, 'left')]
    const answer = fetch(page, { signal: leaving.signal }).catch(() => 'left')
    await begun
    leaving.abort()
    expect(await answer).toBe('left')
    await left
    api.hold('nothing')
    expect((await fetch(page)).status, `without ${what}`).toBe(200)
  }
  web.kill('SIGUSR2')
  for await (const line of createInterface({ input: web.stderr })) if (line.includes('stray')) break
  expect((await fetch(page)).status).toBe(200)
  expect(web.exitCode).toBeNull()
}, 120_000)
