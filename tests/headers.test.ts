import { request } from 'node:http'
import { expect, test } from 'vitest'
import { createApp } from '../api/app.ts'
import { readConfig } from '../api/config.ts'
import { standardLimits } from '../api/limits.ts'
import { listen } from '../api/listen.ts'
import { cleanUp } from './support/cleaning.ts'
import { sharedDatabase } from './support/databases.ts'

test('behind TLS the browser is told to stay there, and the cookie is for TLS alone', async () => {
  const database = await sharedDatabase()
  const env = { PARLEY_URL: 'https://parley.test', PARLEY_SECRET: 's'.repeat(40), NODE_ENV: 'production' }
  const { databaseUrl, dataDir } = database.config
  const app = await createApp(readConfig({ ...env, DATABASE_URL: databaseUrl, PARLEY_DATA_DIR: dataDir }), { database })
  cleanUp(() => app.close())
  const person = { name: 'Ada', email: `tls-${Date.now()}@example.test`, password: 'correct horse' }
  const headers = { 'content-type': 'application/json', origin: 'https://parley.test' }
  const init = { method: 'POST', headers, body: JSON.stringify(person) }
  const response = await app.fetch(new Request('https://parley.test/api/auth/sign-up/email', init), '192.0.2.1')
  expect(response.headers.get('strict-transport-security')).toBe('max-age=31536000')
  expect(response.headers.getSetCookie().join()).toMatch(
    /^__Secure-parley\.session_token=.*HttpOnly; Secure; SameSite=Lax/,
  )
  expect((await app.fetch(new Request('https://evil.test/graphql'))).status).toBe(421)
})

test('headers that are too long are refused; so many sockets per address, when that is wished', async () => {
  const limits = { ...standardLimits, headerBytes: 2_000, socketsPerAddress: 1 }
  const server = await listen({ host: '127.0.0.1', port: 0, limits, fetch: async () => new Response('ok') })
  cleanUp(() => server.close(0))
  const ask = (headers: Record<string, string>, keep = false) =>
    new Promise<number | string | undefined>((resolve) => {
      const asked = request({ host: '127.0.0.1', port: server.port, headers, agent: false }, (response) => {
        resolve(response.statusCode)
        if (!keep) response.resume()
      })
      asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      asked.end()
    })
  expect(await ask({ 'x-long': 'x'.repeat(3_000) })).toBe(431)
  expect(await ask({}, true)).toBe(200)
})
