import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { withIdleTimeout } from '../../web/app/idle-timeout.ts'

/** A server that does with each response what it is told. */
async function serving(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a stream that falls silent fails instead of waiting for ever', async () => {
  const url = await serving((response) => response.write(': hello\n\n'))
  const response = await withIdleTimeout(fetch, 150)(url)
  await expect(response.text()).rejects.toThrow()
})

test('a server that never answers fails too', async () => {
  await expect(withIdleTimeout(fetch, 150)(await serving(() => {}))).rejects.toThrow()
})

test('whoever says something now and then may go on', async () => {
  const url = await serving((response) => {
    let left = 6
    const beat = setInterval(() => {
      response.write(':\n\n')
      if (--left > 0) return
      clearInterval(beat)
      response.end('done')
    }, 60)
  })
  expect(await (await withIdleTimeout(fetch, 200)(url)).text()).toMatch(/done$/)
})
