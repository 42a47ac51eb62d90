import { expect, test } from 'vitest'
import { createApp } from '../api/app.ts'
import { readConfig } from '../api/config.ts'
import { startApp } from './support/app.ts'
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

test('nothing that is no page comes to life in a browser, at any door, refused or not', async () => {
  const app = await startApp()
  const ada = await app.user('ada')
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ __typename }"}' }
  for (const path of [
    '/graphql',
    '/chatkit',
    '/mcp',
    '/export',
    '/import',
    '/attachments',
    '/api/auth/token',
    '/nothing',
  ])
    for (const response of [await ada.request(path), await ada.request(path, init), await fetch(`${app.url}${path}`)]) {
      const { headers } = response
      if (headers.get('content-type')?.startsWith('text/html')) continue // GraphiQL, which has a policy of its own
      expect(headers.get('x-content-type-options'), path).toBe('nosniff')
      expect(headers.get('content-security-policy'), path).toMatch(/^default-src 'none'; frame-ancestors 'none'/)
      expect(headers.get('access-control-allow-origin'), path).toBeNull()
      await response.body?.cancel()
    }
})

test('production without its secret and its address does not start, nor with wrong ones, and says which settings are meant', () => {
  expect(() => readConfig({ NODE_ENV: 'production' })).toThrow(/PARLEY_SECRET: is required.*\s+PARLEY_URL: is required/)
  for (const more of ['/chat', '/?a=b', '/#top', '//', '?'])
    expect(() => readConfig({ PARLEY_URL: `https://parley.test${more}` }), more).toThrow(
      /PARLEY_URL: must be an origin/,
    )
  expect(readConfig({ PARLEY_URL: 'https://parley.test/' }).url).toBe('https://parley.test')
  const short = { NODE_ENV: 'production', PARLEY_URL: 'https://parley.test', PARLEY_SECRET: 'short' }
  expect(() => readConfig(short)).toThrow(/PARLEY_SECRET: needs at least 32 characters/)
})
