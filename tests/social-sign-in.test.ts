import { randomUUID } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { readConfig } from '../api/config.ts'
import { startApp, type TestApp } from './support/app.ts'
import { type OidcProvider, startOidcProvider } from './support/oidc-provider.ts'

let provider: OidcProvider
let app: TestApp

const envOf = ({ issuer, client }: OidcProvider) => ({
  ...{ OIDC_ISSUER: issuer, OIDC_CLIENT_ID: client.id, OIDC_CLIENT_SECRET: client.secret, OIDC_NAME: 'Example' },
})

beforeAll(async () => {
  provider = await startOidcProvider()
  app = await startApp({ env: { ...envOf(provider), GITHUB_CLIENT_ID: 'hub', GITHUB_CLIENT_SECRET: 'hub secret' } })
})

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const sub = randomUUID()
  Object.assign(provider, { spoil: {}, away: false })
  provider.person = {
    sub,
    name: 'Ada',
    email: `${sub}@example.test`,
    email_verified: true,
    picture: 'https://x.test/1.png',
  }
  return () => void vi.restoreAllMocks()
})

/** What a browser keeps. */
const cookiesOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((it) => it.split(';', 1)[0])
    .join('; ')

const post = (body: object, url = app.url) =>
  fetch(`${url}/api/auth/sign-in/social`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ callbackURL: '/dashboard', errorCallbackURL: '/sign-in', ...body }),
  })

/** As far as the address that the provider sends the browser back to. */
async function sentBack(url = app.url) {
  const begun = await post({ provider: 'oidc' }, url)
  expect(begun.status).toBe(200)
  const { url: there }: { url: string } = await begun.json()
  const approved = await fetch(there, { redirect: 'manual' })
  return { cookie: cookiesOf(begun), callback: approved.headers.get('location') ?? '' }
}

/** All the way, as a browser goes. */
async function signsIn(url = app.url) {
  const { cookie, callback } = await sentBack(url)
  const back = await fetch(callback, { redirect: 'manual', headers: { cookie } })
  const to = new URL(back.headers.get('location') ?? '/', url)
  return { to: to.pathname + to.search, user: await userOf(cookiesOf(back), url) }
}

async function userOf(cookie: string, url = app.url) {
  const response = await fetch(`${url}/api/auth/get-session`, { headers: { cookie } })
  const found: { user: { id: string; email: string; name: string; image: string | null } } | null =
    await response.json()
  return found?.user ?? null
}

const sql = (text: string, params: unknown[]) => app.database.orm.em.fork().execute(text, params)

test('pages are told with whose accounts one can sign in, and nothing else of the settings', async () => {
  const options = await (await fetch(`${app.url}/api/auth/options`)).json()
  const providers = [
    { id: 'github', name: 'GitHub' },
    { id: 'oidc', name: 'Example' },
  ]
  expect(options).toEqual({ mail: false, providers })
  const begun = await post({ provider: 'github' })
  const { url }: { url: string } = await begun.json()
  const { origin, searchParams } = new URL(url)
  expect([origin, searchParams.get('client_id')]).toEqual(['https://github.com', 'hub'])
  expect(searchParams.get('redirect_uri')).toBe(`${app.url}/api/auth/callback/github`)
  for (const unknown of ['google', 'facebook', 'nothing'])
    expect((await post({ provider: unknown })).status, unknown).toBeGreaterThanOrEqual(400)
})

describe('somebody with an account there', () => {
  test('has one here by signing in, the same one the next time; nothing is kept of what opens the other', async () => {
    const first = await signsIn()
    expect(first).toMatchObject({ to: '/dashboard', user: { name: 'Ada', email: provider.person.email, image: null } })
    expect((await signsIn()).user?.id).toBe(first.user?.id)
    const accounts = await sql('select * from auth_account where "userId" = ?', [first.user?.id])
    expect(accounts).toMatchObject([{ providerId: 'oidc', accountId: provider.person.sub }])
    expect(accounts).toMatchObject([{ accessToken: null, refreshToken: null, idToken: null, password: null }])
  })

  test.each([
    ['no name', { name: '', preferred_username: '' }, (sub: string) => sub],
    ['a name of spaces', { name: ' \0 ' }, (sub: string) => sub],
    ['a name without end', { name: 'n'.repeat(5_000) }, () => 'n'.repeat(100)],
  ])('and %s is called something all the same', async (_, change, named) => {
    Object.assign(provider.person, change)
    expect((await signsIn()).user?.name).toBe(named(provider.person.sub))
  })

  test('without an address is not let in', async () => {
    delete provider.person.email
    expect(await signsIn()).toMatchObject({ to: expect.stringMatching(/^\/sign-in\?error=/), user: null })
  })
})

describe('an account of that address that is here already', () => {
  async function ada(verified: boolean) {
    const user = await app.user('ada')
    provider.person.email = user.email
    await sql('update auth_user set "emailVerified" = ? where email = ?', [verified, user.email])
    const known = await userOf(user.headers.cookie)
    const accounts = async () =>
      (await sql('select "providerId" from auth_account where "userId" = ?', [known?.id])).map((it) => it.providerId)
    return { id: known?.id, accounts }
  }

  const refused = { to: '/sign-in?error=account_not_linked', user: null }

  test('is not theirs as long as nobody has shown here that the address is: it may be a trap', async () => {
    const { accounts } = await ada(false)
    expect(await signsIn()).toEqual(refused)
    expect(await accounts()).toEqual(['credential'])
  })

  test.each([false, undefined])('is not theirs when the provider did not verify the address (%s)', async (verified) => {
    const { accounts } = await ada(true)
    Object.assign(provider.person, { email_verified: verified })
    expect(await signsIn()).toEqual(refused)
    expect(await accounts()).toEqual(['credential'])
  })

  test('is theirs when both have verified it', async () => {
    const { id, accounts } = await ada(true)
    expect(await signsIn()).toMatchObject({ to: '/dashboard', user: { id } })
    expect((await accounts()).sort()).toEqual(['credential', 'oidc'])
  })
})

describe('whoever is not what they say', () => {
  test.each([
    ['signed by another key', { foreignKey: true }],
    ['for another client', { claims: { aud: 'other' } }],
    ['of another issuer', { claims: { iss: 'https://other.test' } }],
    ['for another sign-in', { claims: { nonce: 'other' } }],
    ['for no sign-in', { claims: { nonce: undefined } }],
  ])('is refused: a token %s', async (_, spoil) => {
    provider.spoil = spoil
    expect(await signsIn()).toMatchObject({ to: expect.stringMatching(/^\/sign-in\?error=/), user: null })
    const rows = await sql('select id from auth_user where email = ?', [provider.person.email])
    expect(rows).toEqual([])
  })

  test('cannot sign a browser in that did not begin: the way back needs its cookie', async () => {
    const { callback } = await sentBack()
    const back = await fetch(callback, { redirect: 'manual' })
    expect(back.headers.get('location')).toMatch(/\/sign-in\?error=state_mismatch/)
    expect(await userOf(cookiesOf(back))).toBeNull()
  })

  test('cannot go the same way back twice', async () => {
    const { cookie, callback } = await sentBack()
    await fetch(callback, { redirect: 'manual', headers: { cookie } })
    const again = await fetch(callback, { redirect: 'manual', headers: { cookie } })
    expect(again.headers.get('location')).toMatch(/\/sign-in\?error=/)
    expect(await userOf(cookiesOf(again))).toBeNull()
  })

  test.each(['https://evil.test/', '//evil.test/', '/\\evil.test'])('is not led to %s', async (callbackURL) => {
    for (const at of ['callbackURL', 'errorCallbackURL', 'newUserCallbackURL'])
      expect((await post({ provider: 'oidc', [at]: callbackURL })).status, at).toBe(403)
  })
})

test('a provider that is away keeps nobody else out, and is asked again', async () => {
  const late = await startOidcProvider()
  late.away = true
  const other = await startApp({ env: envOf(late) })
  await other.user('ada')
  expect(late.discoveries).toBe(0)
  expect((await post({ provider: 'oidc' }, other.url)).status).toBeGreaterThanOrEqual(400)
  late.away = false
  late.person = { sub: 'back', email: `back-${randomUUID()}@example.test`, email_verified: true, name: 'Back' }
  expect((await signsIn(other.url)).user?.name).toBe('Back')
  await signsIn(other.url)
  expect(late.discoveries).toBe(1)
})

test.each([
  ['SMTP_URL', 'smtp://localhost', ['MAIL_FROM']],
  ['GITHUB_CLIENT_ID', 'x', ['GITHUB_CLIENT_SECRET']],
  ['GOOGLE_CLIENT_SECRET', 'x', ['GOOGLE_CLIENT_ID']],
  ['OIDC_CLIENT_ID', 'x', ['OIDC_ISSUER', 'OIDC_CLIENT_SECRET']],
])('%s alone is a mistake that is named', (name, value, missing) => {
  const read = () => readConfig({ [name]: value })
  for (const other of missing) expect(read).toThrow(`${other}: is required with ${name}`)
})
