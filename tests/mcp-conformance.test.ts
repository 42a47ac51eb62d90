import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'

/** The suite knows nothing of credentials: whoever comes here is this person. Everything else is passed on as it is. */
async function passingOn(url: string, token: string): Promise<string> {
  const { port } = new URL(url)
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming
    const to = { host: '127.0.0.1', port, method, path, headers: { ...headers, authorization: `Bearer ${token}` } }
    const passed = request(to, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers).flushHeaders()
      response.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    outgoing.on('close', () => passed.destroy())
    incoming.pipe(passed)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://localhost:${(server.address() as AddressInfo).port}/mcp`
}

test('the public conformance suite finds what it should, but for what does not apply', async () => {
  // Its clients stay connected when they have found fault.
  const app = await startApp({ limits: { mcpSessionsPerUser: 100 } })
  const url = await passingOn(app.url, await (await app.user('ada')).token())
  const results = mkdtempSync(join(tmpdir(), 'parley-conformance-'))
  cleanUp(() => rmSync(results, { recursive: true, force: true }))
  const suite = spawn(
    process.execPath,
    [
      ...['node_modules/@modelcontextprotocol/conformance/dist/index.js', 'server', '--url', url],
      ...['--expected-failures', 'tests/mcp-conformance.yml', '--output-dir', results],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  cleanUp(() => suite.kill())
  const [output, errors, [code]] = await Promise.all([text(suite.stdout), text(suite.stderr), once(suite, 'exit')])
  expect(code, `${output}\n${errors}`).toBe(0)
  expect(output).toContain('server-initialize')
}, 300_000)
