import { createHmac, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Auth, type AuthSettings, createAuth } from '../api/auth/auth.ts'
import { authenticate, type Judges } from '../api/auth/authenticate.ts'
import { createTokenReader } from '../api/auth/token.ts'
import { scopes } from '../api/auth/viewer.ts'
import type { Database } from '../api/database/database.ts'
import { type Limits, standardLimits } from '../api/limits.ts'
import { openDatabase } from './support/databases.ts'

const url = 'http://localhost:3000'
const password = 'correct horse battery staple'
/** All the people of this file come from no address. */
const roomy: Limits = { ...standardLimits, signInsPerAddressPerMinute: 10_000, signUpsPerHour: 10_000 }
const settings = {
  url,
  production: false,
  secret: 's3cret-'.repeat(8),
  dataDir: 'memory://',
  limits: roomy,
} satisfies AuthSettings

let database: Database
let auth: Auth

beforeAll(async () => {
  database = await openDatabase()
  auth = await createAuth(settings, database.orm.em, database.units)
})
afterEach(() => {
  vi.useRealTimers()
})

const sql = (text: string, params: unknown[] = []) => database.orm.em.fork().execute(text, params)

type Headers = Record<string, string>

function post(path: string, body: object, headers: Headers = {}, address?: string, on = auth): Promise<Response> {
  return on.handler(
    new Request(`${url}/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }),
    address,
  )
}

const cookieOf = (response: Response) => response.headers.getSetCookie()[0]?.split(';')[0] ?? ''

async function signUp(name = 'Ada', email = `${randomUUID()}@example.test`) {
  const response = await post('/sign-up/email', { name, email, password })
  expect(response.status).toBe(200)
  return { email, cookie: cookieOf(response) }
}

async function tokenFor(cookie: string, on = auth): Promise<string> {
  const response = await on.handler(new Request(`${url}/api/auth/token`, { headers: { cookie } }))
  expect(response.status).toBe(200)
  const { token }: { token: string } = await response.json()
  return token
}

const asking = (headers: Headers, method = 'GET') => new Request(`${url}/graphql`, { method, headers })
const withCookie = (cookie: string) => auth.authenticate(asking({ cookie }))
const withToken = (token: string, on = auth) => on.authenticate(asking({ authorization: `Bearer ${token}` }))

const refusal = { code: 'UNAUTHENTICATED', message: 'Sign in, or send a valid credential.', details: {} }

describe('a person', () => {
  test('signs up, is known by the cookie, signs out and is not any more', async () => {
    const { email, cookie } = await signUp('Ada Lovelace')
    const viewer = await withCookie(cookie)
    expect(viewer).toMatchObject({ scopes, sessionId: expect.any(String), expiresAt: expect.any(Date) })
    expect(await auth.userOf(viewer)).toEqual({ id: viewer.id, name: 'Ada Lovelace', email })
    expect(await auth.stillSignedIn(viewer)).toBe(true)

    expect((await post('/sign-out', {}, { cookie, origin: url })).status).toBe(200)
    await expect(withCookie(cookie)).rejects.toMatchObject(refusal)
    expect(await auth.stillSignedIn(viewer)).toBe(false)
  })

  test('signs in again with the password alone, in any spelling of the address', async () => {
    const { email, cookie } = await signUp()
    expect((await post('/sign-in/email', { email, password: `${password}!` })).status).toBe(401)
    const response = await post('/sign-in/email', { email: email.toUpperCase(), password })
    expect(response.status).toBe(200)
    expect((await withCookie(cookieOf(response))).id).toBe((await withCookie(cookie)).id)
  })

  test('gets a cookie that scripts and other sites cannot use', async () => {
    const response = await post('/sign-up/email', { name: 'Ada', email: `${randomUUID()}@example.test`, password })
    expect(response.headers.getSetCookie()[0]).toMatch(/^parley\.session_token=.+; Path=\/; HttpOnly; SameSite=Lax$/)
  })

  test('is told the same for an unknown address and a wrong password', async () => {
    const { email } = await signUp()
    const answers = await Promise.all([
      post('/sign-in/email', { email, password: 'wrong horse battery' }),
      post('/sign-in/email', { email: `${randomUUID()}@example.test`, password }),
    ])
    const [wrong, unknown] = await Promise.all(
      answers.map(async (it) => ({ status: it.status, text: (await it.text()).replace(/"errorId":"[^"]+"/g, '') })),
    )
    expect(wrong).toEqual(unknown)
  })

  test.each(['', '   ', 'a\0b', '\ud800', 'a'.repeat(201)])('cannot have the name %j', async (name) => {
    expect((await post('/sign-up/email', { name, email: `${randomUUID()}@example.test`, password })).status).toBe(400)
  })

  test('cannot choose an id, or that the address is verified', async () => {
    const [id, email] = [randomUUID(), `${randomUUID()}@example.test`]
    const made = { name: 'Eve', email, password, id, emailVerified: true, createdAt: '2000-01-01T00:00:00Z' }
    await post('/sign-up/email', made)
    const rows = await sql('select id, "emailVerified" from auth_user where email = ? or id = ?', [email, id])
    for (const row of rows) expect(row).toEqual({ id: expect.not.stringMatching(id), emailVerified: false })
  })

  test('whose session is over is not known, however recently it was', async () => {
    const { cookie } = await signUp()
    const token = await tokenFor(cookie)
    const { sessionId } = await withCookie(cookie)
    await sql(`update auth_session set "expiresAt" = now() - interval '1 second' where id = ?`, [sessionId])
    await expect(withToken(token)).rejects.toMatchObject(refusal)
    await expect(withCookie(cookie)).rejects.toMatchObject(refusal)
  })

  test('whose account is gone is not known', async () => {
    const { cookie } = await signUp()
    const token = await tokenFor(cookie)
    const viewer = await withCookie(cookie)
    await sql('delete from auth_user where id = ?', [viewer.id])
    await expect(withCookie(cookie)).rejects.toMatchObject(refusal)
    await expect(withToken(token)).rejects.toMatchObject(refusal)
    await expect(auth.userOf(viewer)).rejects.toMatchObject(refusal)
  })
})

describe('many at once', () => {
  test('sign up without waiting for each other for ever', async () => {
    const people = await Promise.all(Array.from({ length: 8 }, () => signUp()))
    expect(new Set(await Promise.all(people.map(async ({ cookie }) => (await withCookie(cookie)).id))).size).toBe(8)
  })

  test('with one address: one gets it', async () => {
    const email = `${randomUUID()}@example.test`
    const answers = await Promise.all([1, 2, 3].map(() => post('/sign-up/email', { name: 'Ada', email, password })))
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
  })
})

describe('a token', () => {
  test('says who and for which session, and nothing else about the person', async () => {
    const { cookie } = await signUp()
    const token = await tokenFor(cookie)
    const [header, payload] = token.split('.', 2).map((it) => JSON.parse(Buffer.from(it, 'base64url').toString()))
    expect(header).toEqual({ alg: 'EdDSA', kid: expect.any(String) })
    expect(Object.keys(payload).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'sid', 'sub'])
    expect(payload).toMatchObject({ iss: url, aud: url, exp: payload.iat + 900 })
    const { id, sessionId } = await withCookie(cookie)
    expect(await withToken(token)).toEqual({ id, sessionId, scopes, expiresAt: new Date(payload.exp * 1_000) })
  })

  test('can be checked by others: the public keys are open, the private ones stay', async () => {
    const response = await auth.handler(new Request(`${url}/api/auth/jwks`))
    const { keys }: { keys: object[] } = await response.json()
    for (const key of keys) expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'x'])
  })

  test('is given to a session only', async () => {
    expect((await auth.handler(new Request(`${url}/api/auth/token`))).status).toBe(401)
  })

  test('ends with the session: at once here, within 30 s on another process', async () => {
    const { cookie } = await signUp()
    const token = await tokenFor(cookie)
    const elsewhere = await createAuth(settings, database.orm.em, database.units)
    await withToken(token)
    await withToken(token, elsewhere)
    await post('/sign-out', {}, { cookie, origin: url })
    await expect(withToken(token)).rejects.toMatchObject(refusal)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 })
    await expect(withToken(token, elsewhere)).rejects.toMatchObject(refusal)
  })

  test('of an hour ago is refused, that of five seconds too long ago is not', async () => {
    const token = await tokenFor((await signUp()).cookie)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 903_000 })
    const viewer = await withToken(token)
    vi.setSystemTime(Date.now() + 3_000)
    await expect(withToken(token)).rejects.toMatchObject(refusal)
    // Nor does what was begun with it go on.
    expect(await auth.stillSignedIn(viewer)).toBe(false)
  })
})

test('with another secret than before tokens are given as ever, here and for other servers', async () => {
  const { orm, units } = await openDatabase() // its keys are not those of the other tests
  const withSecret = (secret: string) => createAuth({ ...settings, secret }, orm.em, units)
  const signsUp = async (on: Auth) => {
    const account = { name: 'Ada', email: `${randomUUID()}@example.test`, password }
    return cookieOf(await post('/sign-up/email', account, {}, undefined, on))
  }
  const before = await withSecret('the first '.repeat(4))
  await tokenFor(await signsUp(before), before)

  const after = await withSecret('the second '.repeat(4))
  const cookie = await signsUp(after)
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  const token = await tokenFor(cookie, after)
  const lines = logged.mock.calls.flat().map(String)
  expect(lines.filter((it) => it.includes('PARLEY_SECRET'))).toEqual([expect.stringContaining('A new one is made.')])
  expect((await withToken(token, after)).sessionId).toBeDefined()
  expect((await tokenFor(cookie, after)).split('.')[0]).toBe(token.split('.')[0]) // the same key again

  // And while a process with the old one is still there.
  for (const on of [before, after, await withSecret('the third '.repeat(4))])
    expect(await on.mintFor('https://crm.example/mcp', null)).toMatchObject({ token: expect.any(String) })
  logged.mockRestore()
})

describe('a forged token', () => {
  type Forgery = { header?: object; claims?: JWTPayload; without?: string; seconds?: { iat?: number; exp?: number } }

  let key: CryptoKey
  let kid: string
  let mine: { sub: string; sid: string }
  let other: { sub: string; sid: string }

  /** A key of ours whose private half the test has: so each rule is tried with a signature that is right. */
  beforeAll(async () => {
    const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
    key = pair.privateKey
    const [row] = await sql(
      `insert into auth_jwks ("publicKey", "privateKey", "createdAt", alg, crv) values (?, '', ?, 'EdDSA', 'Ed25519') returning id`,
      [JSON.stringify(await exportJWK(pair.publicKey)), new Date(0)],
    )
    kid = String(row?.id)
    const identity = async () => {
      const { id, sessionId } = await withCookie((await signUp()).cookie)
      return { sub: id, sid: sessionId ?? '' }
    }
    mine = await identity()
    other = await identity()
    auth = await createAuth(settings, database.orm.em, database.units)
  })

  const now = () => Math.floor(Date.now() / 1_000)

  function claimsOf({ claims, without, seconds = {} }: Forgery): JWTPayload {
    const { iat = 0, exp = 600 } = seconds
    const all: JWTPayload = { iss: url, aud: url, iat: now() + iat, exp: now() + exp, ...mine, ...claims }
    return Object.fromEntries(Object.entries(all).filter(([name]) => name !== without))
  }

  const sign = (forgery: Forgery = {}, by: CryptoKey = key) =>
    new SignJWT(claimsOf(forgery)).setProtectedHeader({ alg: 'EdDSA', kid, ...forgery.header }).sign(by)

  test('that is none is accepted: the tries below fail for their own reason', async () => {
    expect(await withToken(await sign())).toMatchObject({ id: mine.sub, sessionId: mine.sid })
    vi.useFakeTimers({ toFake: ['Date'] }) // a second that ends in between would be one too many
    expect(await withToken(await sign({ seconds: { exp: -4, iat: -100 } }))).toMatchObject({ id: mine.sub })
    expect(await withToken(await sign({ seconds: { iat: 4 } }))).toMatchObject({ id: mine.sub })
  })

  test.each<[string, Forgery]>([
    ['for another audience', { claims: { aud: 'https://other.test' } }],
    ['for no audience', { without: 'aud' }],
    ['of another issuer', { claims: { iss: 'https://other.test' } }],
    ['of no issuer', { without: 'iss' }],
    ['that is over', { seconds: { exp: -6, iat: -100 } }],
    ['that never ends', { without: 'exp' }],
    ['without a beginning', { without: 'iat' }],
    ['from the future', { seconds: { iat: 60, exp: 600 } }],
    ['that is not good yet', { claims: { nbf: 4_000_000_000 } }],
    ['that lives too long', { seconds: { exp: 901 } }],
    ['that lived too long', { seconds: { iat: -1_000, exp: 100 } }],
    ['for nobody', { without: 'sub' }],
    ['for someone unknown', { claims: { sub: randomUUID() } }],
    ['for someone that is no id', { claims: { sub: `' or true --` } }],
    ['of no session', { without: 'sid' }],
    ['of an unknown session', { claims: { sid: randomUUID() } }],
    ['of a session that is no id', { claims: { sid: 'x' } }],
    ['with a session that is a number', { claims: { sid: 7 } }],
    ['with a key id that is no key', { header: { kid: randomUUID() } }],
    ['with an empty key id', { header: { kid: '' } }],
    ['with a path for a key id', { header: { kid: '../../dev/null' } }],
    ['without a key id', { header: { kid: undefined } }],
    ['with a key of its own', { header: { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'AA' } } }],
    ['with a place of its own for keys', { header: { jku: 'https://other.test/jwks' } }],
    ['with a certificate', { header: { x5c: ['AA'] } }],
    ['with a place for a certificate', { header: { x5u: 'https://other.test/certificate' } }],
    ['with a demand', { header: { crit: ['b64'], b64: true } }],
    ['that is too long', { claims: { more: 'x'.repeat(8_192) } }],
  ])('%s is refused', async (_, forgery) => {
    await expect(withToken(await sign(forgery))).rejects.toMatchObject(refusal)
  })

  test('for the session of someone else is refused', async () => {
    await expect(withToken(await sign({ claims: { sub: other.sub } }))).rejects.toMatchObject(refusal)
    await expect(withToken(await sign({ claims: { sid: other.sid } }))).rejects.toMatchObject(refusal)
  })

  test('signed by a foreign key, by the public key, or by none, is refused', async () => {
    const foreign = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
    await expect(withToken(await sign({}, foreign.privateKey))).rejects.toMatchObject(refusal)

    const [row] = await sql('select "publicKey" from auth_jwks where id = ?', [kid])
    for (const secret of [String(row?.publicKey), Buffer.from(JSON.parse(String(row?.publicKey)).x, 'base64url')]) {
      const parts = [{ alg: 'HS256', kid }, claimsOf({})].map((it) =>
        Buffer.from(JSON.stringify(it)).toString('base64url'),
      )
      const signature = createHmac('sha256', secret).update(parts.join('.')).digest('base64url')
      await expect(withToken([...parts, signature].join('.'))).rejects.toMatchObject(refusal)
    }

    const unsigned = new UnsecuredJWT(claimsOf({})).encode()
    const [, payload] = unsigned.split('.')
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid })).toString('base64url')
    const signed = await sign()
    const cut = `${signed.slice(0, signed.lastIndexOf('.'))}.`
    for (const token of [unsigned, `${none}.${payload}.`, cut])
      await expect(withToken(token)).rejects.toMatchObject(refusal)
  })

  test('changed after it was signed is refused', async () => {
    const [header, , signature] = (await sign()).split('.')
    const changed = Buffer.from(JSON.stringify(claimsOf({ claims: other }))).toString('base64url')
    await expect(withToken([header, changed, signature].join('.'))).rejects.toMatchObject(refusal)
  })

  test('of many foreign keys makes the keys be read twice in 30 s at the most, and later again', async () => {
    const load = vi.fn(async () => ({ keys: [] }))
    const read = createTokenReader(url, load)
    const tryTen = async () => {
      for (let n = 0; n < 10; n++) expect(await read(await sign({ header: { kid: randomUUID() } }))).toBeNull()
    }
    await tryTen()
    expect(load.mock.calls.length).toBeLessThanOrEqual(2)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 })
    const before = load.mock.calls.length
    await tryTen()
    expect(load.mock.calls.length - before).toBeGreaterThanOrEqual(1)
    expect(load.mock.calls.length - before).toBeLessThanOrEqual(2)
  })
})

describe('one credential counts', () => {
  let cookie: string
  let token: string

  beforeAll(async () => {
    cookie = (await signUp()).cookie
    token = await tokenFor(cookie)
  })

  test.each<[string, Headers]>([
    ['nothing', {}],
    ['a cookie of something else', { cookie: 'theme=dark' }],
    ['a cookie that nobody signed', { cookie: 'parley.session_token=abc.def' }],
    ['an empty header', { authorization: '' }],
    ['no token', { authorization: 'Bearer ' }],
    ['no token of ours', { authorization: 'Bearer abc' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
    ['a key', { 'x-api-key': 'parley_abc' }],
  ])('%s is refused with the same words', async (_, headers) => {
    await expect(auth.authenticate(asking(headers))).rejects.toMatchObject(refusal)
  })

  test('that of the header, even when it is wrong and the cookie is right', async () => {
    const other = await signUp()
    const viewer = await auth.authenticate(asking({ cookie: other.cookie, authorization: `Bearer ${token}` }))
    expect(viewer.id).toBe((await withCookie(cookie)).id)
    const wrongs: Headers[] = [{ authorization: 'Bearer abc' }, { authorization: '' }, { 'x-api-key': 'abc' }]
    for (const wrong of wrongs)
      await expect(auth.authenticate(asking({ cookie, ...wrong }))).rejects.toMatchObject(refusal)
  })

  test('and two in headers are too many', async () => {
    const two = { authorization: `Bearer ${token}`, 'x-api-key': 'abc' }
    await expect(auth.authenticate(asking(two))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    const twice = { authorization: `Bearer ${token}, Bearer ${token}` }
    await expect(auth.authenticate(asking(twice))).rejects.toMatchObject(refusal)
  })

  test('the cookie on our own pages only, when something may change', async () => {
    const from = (origin?: string) => auth.authenticate(asking({ cookie, ...(origin && { origin }) }, 'POST'))
    for (const origin of [url, 'http://127.0.0.1:3000', 'http://[::1]:3000']) await from(origin)
    for (const origin of [
      undefined,
      'null',
      'https://localhost:3000',
      'http://localhost:3001',
      'http://localhost.evil.test:3000',
      'http://evil.test',
    ])
      await expect(from(origin), origin).rejects.toMatchObject({ code: 'CSRF_REJECTED' })
    await auth.authenticate(asking({ cookie, origin: 'http://evil.test' })) // reading: the browser keeps the answer from it
  })

  test('a token from anywhere', async () => {
    await auth.authenticate(asking({ authorization: `Bearer ${token}`, origin: 'http://evil.test' }, 'POST'))
  })

  test('the cookie, in production, on the public origin only', async () => {
    const production = await createAuth({ ...settings, production: true }, database.orm.em, database.units)
    const from = (origin: string) => production.authenticate(asking({ cookie, origin }, 'POST'))
    await from(url)
    await expect(from('http://127.0.0.1:3000')).rejects.toMatchObject({ code: 'CSRF_REJECTED' })
  })

  test('none, when it cannot be checked: then nobody is let in', async () => {
    const failing = () => Promise.reject(new Error('the database is away'))
    const judges: Judges = {
      readToken: failing,
      readKey: failing,
      findSession: failing,
      readCookie: failing,
      origins: () => true,
    }
    const credentials: Headers[] = [{ cookie }, { authorization: `Bearer ${token}` }]
    for (const headers of credentials) {
      const refused = expect(authenticate(asking(headers), judges)).rejects
      await refused.toMatchObject({ code: 'AUTH_UNAVAILABLE', message: expect.not.stringContaining('database') })
    }
  })
})

describe('a foreign page', () => {
  test.each(['/sign-in/email', '/sign-up/email', '/sign-out'])('cannot use %s', async (path) => {
    const { email, cookie } = await signUp()
    const fields = { email, password, name: 'Eve' }
    const credentials: Headers[] = [{}, { cookie }]
    for (const credential of credentials) {
      const response = await post(path, fields, { origin: 'http://evil.test', ...credential })
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ code: 'CSRF_REJECTED' })
    }
    expect((await withCookie(cookie)).sessionId).toBeDefined()
  })

  test('is granted nothing by CORS', async () => {
    const response = await post('/sign-in/email', {}, { origin: 'http://evil.test' })
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('who guesses', () => {
  const guess = (on: Auth, email: string, address: string, headers: Headers = {}, path = '/sign-in/email') =>
    post(path, { email, password: 'wrong horse' }, headers, address, on)
  const strict = (limits: Partial<Limits>) =>
    createAuth({ ...settings, limits: { ...standardLimits, ...limits } }, database.orm.em, database.units)
  const forged = { 'x-forwarded-for': '192.0.2.77', 'x-real-ip': '192.0.2.78', 'x-parley-client-address': '192.0.2.79' }

  test('from one address may try often, not endlessly, whatever the headers say', async () => {
    const on = await strict({ signInsPerAddressPerMinute: 3 })
    for (let n = 0; n < 3; n++) expect((await guess(on, `${n}@example.test`, '192.0.2.1')).status).toBe(401)
    const refused = await guess(on, 'other@example.test', '192.0.2.1', forged)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({
      ...{ code: 'RATE_LIMITED', limitName: 'signInsPerAddressPerMinute', limit: 3, actual: 4 },
      ...{ retryAfterMs: expect.any(Number), errorId: expect.any(String) },
    })
    expect((await guess(on, 'other@example.test', '192.0.2.2')).status).toBe(401)
  })

  test('at one account may not go on from other addresses, nor in another spelling', async () => {
    const on = await strict({ signInsPerMinute: 3 })
    const tries: [string, string, string][] = [
      ['victim@example.test', '192.0.2.1', '/sign-in/email'],
      ['VICTIM@example.test', '192.0.2.2', '//sign-in//email'],
      [' victim@example.test', '2001:db8::1', '/sign-in/email/'],
    ]
    for (const [email, address, path] of tries) expect((await guess(on, email, address, {}, path)).status).not.toBe(429)
    const refused = await guess(on, 'victim@example.test', '198.51.100.1')
    expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED', limitName: 'signInsPerMinute', limit: 3 })
    expect((await guess(on, 'someone@example.test', '198.51.100.1')).status).toBe(401)
  })

  test.each([
    'application/x-www-form-urlencoded',
    'Application/X-WWW-Form-Urlencoded; charset=utf-8',
    'multipart/form-data; boundary=b',
    'text/plain',
    'application/jsonp',
    'application/problem+json',
    '',
  ])('gets no tries beyond the limit by sending what is no JSON: %j', async (type) => {
    const on = await strict({ signInsPerMinute: 1 })
    const { email, cookie } = await signUp()
    const fields = { email, password, name: 'Eve', currentPassword: password, newPassword: 'another horse' }
    for (const path of ['/sign-in/email', '/sign-up/email', '/change-password', '/request-password-reset']) {
      const body = type.startsWith('multi') ? multipart(fields) : new URLSearchParams(fields).toString()
      const init = { method: 'POST', headers: { cookie, origin: url, 'content-type': type }, body }
      const response = await on.handler(new Request(`${url}/api/auth${path}`, init), '192.0.2.1')
      expect(response.status, path).toBe(415)
      expect(await response.json()).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE', errorId: expect.any(String) })
      expect(response.headers.getSetCookie()).toEqual([])
    }
    expect((await post('/sign-in/email', { email, password }, {}, '192.0.2.1', on)).status).toBe(200)
  })

  const multipart = (fields: object) =>
    `${Object.entries(fields)
      .map(([name, value]) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
      .join('')}--b--\r\n`

  test('with a session has as many tries at its password, whatever stands beside the cookie', async () => {
    const on = await strict({ signInsPerMinute: 3 })
    const { email, cookie } = await signUp()
    const other = cookieOf(await post('/sign-in/email', { email, password }))
    let n = 0
    const change = (it: string) => {
      n++
      const fields = { currentPassword: 'wrong horse', newPassword: 'another horse' }
      return post('/change-password', fields, { cookie: it, origin: url }, `192.0.2.${n}`, on)
    }
    for (const it of [cookie, `x=1; ${cookie}`, `${cookie}; parley.session_tokens=2`])
      expect((await change(it)).status).toBe(400)
    for (const it of [`x=2; ${cookie}`, cookie, other]) {
      const refused = await change(it)
      expect(refused.status).toBe(429)
      expect(await refused.json()).toMatchObject({ limitName: 'signInsPerMinute', limit: 3 })
    }
    expect((await change((await signUp()).cookie)).status).toBe(400)
  })

  test('from one network of IPv6 is one', async () => {
    const on = await strict({ signInsPerAddressPerMinute: 2 })
    const addresses = ['2001:db8:0:1::1', '2001:0db8:0000:0001:ffff::9']
    for (const address of addresses) expect((await guess(on, `${address}@x.test`, address)).status).not.toBe(429)
    expect((await guess(on, 'c@example.test', '2001:db8:0:1:abcd:ef01:2345:6789')).status).toBe(429)
    expect((await guess(on, 'd@example.test', '2001:db8:0:2::1')).status).toBe(401)
    for (let n = 0; n < 2; n++) await guess(on, `${n}@example.test`, '::ffff:192.0.2.5')
    expect((await guess(on, 'e@example.test', '192.0.2.5')).status).toBe(429)
  })

  test('takes as long for an account that is not there', async () => {
    const { email } = await signUp()
    const took = async (address: string) => {
      const since = performance.now()
      await guess(auth, address, '192.0.2.99')
      return performance.now() - since
    }
    await took(email)
    // The shortest of some: what else the machine does makes single ones longer.
    let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    for (let n = 0; n < 4; n++) {
      known = Math.min(known, await took(email))
      unknown = Math.min(unknown, await took(`${randomUUID()}@example.test`))
    }
    expect(unknown).toBeGreaterThan(known / 3)
    expect(known).toBeGreaterThan(unknown / 3)
  })

  test('cannot sign up endlessly', async () => {
    const on = await strict({ signUpsPerHour: 1 })
    const join = () =>
      post('/sign-up/email', { name: 'A', email: `${randomUUID()}@example.test`, password }, {}, '192.0.2.3', on)
    expect((await join()).status).toBe(200)
    expect(await (await join()).json()).toMatchObject({ code: 'RATE_LIMITED', limitName: 'signUpsPerHour' })
  })
})

describe('who asks without a session', () => {
  test('may ask so often from one address, and see the pages all the same', async () => {
    const limits = { ...standardLimits, anonymousRequestsPerMinute: 3 }
    const on = await createAuth({ ...settings, limits }, database.orm.em, database.units)
    const { cookie } = await signUp()
    const ask = async (path: string, address: string, headers: Headers = {}) => {
      const response = await on.handler(new Request(`${url}/api/auth${path}`, { headers }), address)
      return response.status
    }
    expect(await ask('/jwks', '192.0.2.1')).toBe(200)
    expect(await ask('/token', '192.0.2.1')).toBe(401)
    expect(await ask('/token', '192.0.2.1', { cookie: 'parley.session_token=abc.def' })).toBe(401)
    for (const path of ['/jwks', '/callback/x?state=y', '/list-sessions', '/nothing'])
      expect(await ask(path, '192.0.2.1', { cookie: 'parley.session_token=abc.def' }), path).toBe(429)
    for (const path of ['/get-session', '/options']) expect(await ask(path, '192.0.2.1'), path).toBe(200)
    expect(await ask('/token', '192.0.2.1', { cookie })).toBe(200)
    expect(await ask('/jwks', '192.0.2.2')).toBe(200)
  })

  test.each([
    '//evil.example/',
    'https://evil.example/',
    '/\\evil.example/',
    '/\t/evil.example/',
    '/%09/evil.example/',
  ])('is not led to %j by a letter of ours', async (to) => {
    const query = `token=x&callbackURL=${encodeURIComponent(to)}`
    for (const path of [`/verify-email?${query}`, `/reset-password/x?${query}`, `/delete-user/callback?${query}`]) {
      const { headers } = await auth.handler(new Request(`${url}/api/auth${path}`))
      expect(new URL(headers.get('location') ?? '/', url).origin, path).toBe(url)
    }
  })

  test('may be sent back with a form by a server that does so', async () => {
    const body = new URLSearchParams({ code: 'c', state: 's' })
    const response = await auth.handler(new Request(`${url}/api/auth/callback/github`, { method: 'POST', body }))
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe(`${url}/api/auth/callback/github?code=c&state=s`)
  })
})

describe('an account', () => {
  const from = (cookie: string) => ({ cookie, origin: url })
  const sessions = async (cookie: string): Promise<{ token: string }[]> =>
    (await auth.handler(new Request(`${url}/api/auth/list-sessions`, { headers: { cookie } }))).json()

  test('lists its sessions and signs the others out', async () => {
    const { email, cookie } = await signUp()
    const other = cookieOf(await post('/sign-in/email', { email, password }))
    const third = cookieOf(await post('/sign-in/email', { email, password }))
    const listed = await sessions(cookie)
    expect(listed).toHaveLength(3)
    const own = decodeURIComponent(third.split('=')[1] ?? '').split('.')[0]
    expect((await post('/revoke-session', { token: own }, from(cookie))).status).toBe(200)
    await expect(withCookie(third)).rejects.toMatchObject(refusal)
    await withCookie(other)
    expect((await post('/revoke-other-sessions', {}, from(cookie))).status).toBe(200)
    await expect(withCookie(other)).rejects.toMatchObject(refusal)
    await withCookie(cookie)
  })

  test('lists them however long ago it was that somebody signed in', async () => {
    const { cookie } = await signUp()
    const { sessionId } = await withCookie(cookie)
    await sql(`update auth_session set "createdAt" = now() - interval '6 days' where id = ?`, [sessionId])
    expect(await sessions(cookie)).toHaveLength(1)
  })

  test('changes its password with the old one, and the others are signed out', async () => {
    const { email, cookie } = await signUp()
    const other = cookieOf(await post('/sign-in/email', { email, password }))
    const change = (currentPassword: string) => ({
      currentPassword,
      newPassword: 'another horse',
    })
    expect((await post('/change-password', change('wrong horse'), from(cookie))).status).toBe(400)
    const changed = await post('/change-password', change(password), from(cookie))
    expect(changed.status).toBe(200)
    await expect(withCookie(other)).rejects.toMatchObject(refusal)
    await withCookie(cookieOf(changed))
    expect((await post('/sign-in/email', { email, password })).status).toBe(401)
    const again = await post('/sign-in/email', { email, password: 'another horse' })
    const gentle = { ...change('another horse'), newPassword: 'a third horse', revokeOtherSessions: false }
    expect((await post('/change-password', gentle, from(cookieOf(changed)))).status).toBe(200)
    await withCookie(cookieOf(again))
  })

  test('changes its address, with the password', async () => {
    const { email, cookie } = await signUp()
    const newEmail = `new-${email}`
    for (const wrong of [{}, { password: 'wrong horse' }, { password: 7 }])
      expect((await post('/change-email', { newEmail, ...wrong }, from(cookie))).status).toBe(400)
    expect((await post('/sign-in/email', { email: newEmail, password })).status).toBe(401)
    expect((await post('/change-email', { newEmail, password }, from(cookie))).status).toBe(200)
    expect((await post('/sign-in/email', { email: newEmail, password })).status).toBe(200)
    expect((await post('/sign-in/email', { email, password })).status).toBe(401)
  })

  test('is deleted with its password, and nobody is signed in to it any more', async () => {
    const { email, cookie } = await signUp()
    const token = await tokenFor(cookie)
    for (const wrong of [{}, { password: 'wrong horse' }, { token: 'x' }])
      expect((await post('/delete-user', wrong, from(cookie))).status).toBe(400)
    await withToken(token)
    expect((await post('/delete-user', { password }, from(cookie))).status).toBe(200)
    await expect(withToken(token)).rejects.toMatchObject(refusal)
    expect((await post('/sign-in/email', { email, password })).status).toBe(401)
  })

  test.each(['short', 'x'.repeat(129)])('cannot have the password %j', async (bad) => {
    const made = { name: 'Ada', email: `${randomUUID()}@example.test`, password: bad }
    expect((await post('/sign-up/email', made)).status).toBe(400)
  })
})

describe('what is refused', () => {
  test.each<[string, string, object, number, string]>([
    [
      'a wrong password',
      '/sign-in/email',
      { email: 'a@example.test', password: 'wrong horse' },
      401,
      'UNAUTHENTICATED',
    ],
    ['a body without a password', '/sign-in/email', { email: 'a@example.test' }, 400, 'BAD_USER_INPUT'],
    ['a path that is not there', '/nothing', {}, 404, 'NOT_FOUND'],
    ['a body that is too long', '/sign-in/email', { email: 'x'.repeat(70_000) }, 413, 'PAYLOAD_TOO_LARGE'],
  ])('%s has a code and an id', async (_, path, body, status, code) => {
    const response = await post(path, body)
    expect(response.status).toBe(status)
    const told = {
      ...{ code, message: expect.any(String), errorId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      ...(status === 413 && { limit: 65_536, limitName: 'bodyBytes' }),
    }
    expect(await response.json()).toMatchObject({ errorId: told.errorId, error: told })
  })
})
