import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { startApp, type TestApp } from './support/app.ts'
import { engine, freshDatabase } from './support/databases.ts'
import { keyOf } from './support/key.ts'
import { linkIn, type Mailbox, startMailbox } from './support/mailbox.ts'
import { startServer } from './support/server-process.ts'
import { signIn, signUp, type User } from './support/user.ts'

const run = promisify(execFile)
const oldPassword = 'correct horse battery staple'
const newPassword = 'another horse entirely'

let app: TestApp
let mailbox: Mailbox

beforeAll(async () => {
  mailbox = await startMailbox()
  app = await startApp({
    env: { SMTP_URL: mailbox.url, MAIL_FROM: 'Parley <parley@example.test>' },
    limits: { resetsPerHour: 3 },
  })
})

async function post(path: string, body: object, headers: Record<string, string> = {}, url = app.url) {
  const response = await fetch(`${url}/api/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, ...headers },
    body: JSON.stringify(body),
    redirect: 'manual',
  })
  const text = await response.text()
  return { status: response.status, text, body: JSON.parse(text || '{}') }
}

const isSignedIn = async (user: User) => (await user.request('/api/auth/get-session').then((it) => it.json())) !== null
const signsIn = async (email: string, password: string) =>
  (await post('sign-in/email', { email, password })).status === 200

async function tokenFor(email: string): Promise<string> {
  expect((await post('request-password-reset', { email })).status).toBe(200)
  return linkIn(await mailbox.next(email)).searchParams.get('token') ?? ''
}

describe('a forgotten password', () => {
  test('is chosen anew with a link by mail, once; everybody who was signed in is not any more', async () => {
    const ada = await app.user('ada')
    const other = await app.again(ada)
    expect((await post('request-password-reset', { email: ada.email.toUpperCase() })).status).toBe(200)
    const letter = await mailbox.next(ada.email)
    expect(letter).toMatchObject({ from: 'parley@example.test', text: expect.stringContaining('30 minutes') })
    const link = linkIn(letter)
    expect(`${link.origin}${link.pathname}`).toBe(`${app.url}/reset-password`)
    const token = link.searchParams.get('token') ?? ''

    expect((await post('reset-password', { token, newPassword: 'short' })).status).toBe(400)
    expect((await post('reset-password', { token, newPassword })).status).toBe(200)
    expect(await Promise.all([ada, other].map(isSignedIn))).toEqual([false, false])
    expect(await signsIn(ada.email, oldPassword)).toBe(false)
    expect(await signsIn(ada.email, newPassword)).toBe(true)

    const again = await post('reset-password', { token, newPassword: oldPassword })
    expect(again).toMatchObject({
      status: 400,
      body: { error: { code: 'BAD_USER_INPUT', errorId: expect.any(String) } },
    })
    expect(await signsIn(ada.email, newPassword)).toBe(true)
  })

  test('has a link that is good for half an hour, and that the database does not hold', async () => {
    const ada = await app.user('ada')
    const token = await tokenFor(ada.email)
    const sql = app.database.orm.em.fork()
    const rows = await sql.execute<{ identifier: string; expiresAt: string }[]>('select * from auth_verification')
    expect(JSON.stringify(rows)).not.toContain(token)
    expect(rows.length).toBeGreaterThan(0)
    for (const { expiresAt } of rows) expect(new Date(expiresAt).getTime() - Date.now()).toBeLessThanOrEqual(1_800_000)
    await sql.execute(`update auth_verification set "expiresAt" = now() - interval '1 second'`)
    expect((await post('reset-password', { token, newPassword })).status).toBe(400)
    expect(await signsIn(ada.email, oldPassword)).toBe(true)
  })

  test('is answered in the language that is asked for, else in English', async () => {
    const ada = await app.user('ada')
    const asked: [accepted: string, words: string][] = [
      ['fr, en;q=0.3, de;q=0.7', '30 Minuten'],
      ['de-AT, en;q=0.5', '30 Minuten'],
      ['xx', '30 minutes'],
    ]
    for (const [accepted, words] of asked) {
      await post('request-password-reset', { email: ada.email }, { 'accept-language': accepted })
      expect((await mailbox.next(ada.email)).text, accepted).toContain(words)
    }
  })

  test('is the same question for who has no account: same answer, same time, no letter', async () => {
    const ada = await app.user('ada')
    const nobody = `nobody-${Date.now()}@example.test`
    const took = async (email: string) => {
      const since = performance.now()
      const { status, text } = await post('request-password-reset', { email })
      return { answer: { status, text }, ms: performance.now() - since }
    }
    const [known, unknown] = [await took(ada.email), await took(nobody)]
    expect(unknown.answer).toEqual(known.answer)
    for (const { ms } of [known, unknown]) expect(ms).toBeGreaterThan(240)
    await mailbox.next(ada.email)
    expect(mailbox.letters.filter(({ to }) => to === nobody)).toEqual([])
  })

  test('fills nobody’s mailbox: so many letters an hour', async () => {
    const ada = await app.user('ada')
    for (let n = 0; n < 3; n++) expect((await post('request-password-reset', { email: ada.email })).status).toBe(200)
    const refused = await post('//request-password-reset/', { email: ` ${ada.email}` })
    expect(refused).toMatchObject({
      status: 429,
      body: { error: { code: 'RATE_LIMITED', limitName: 'resetsPerHour', limit: 3, actual: 4 } },
    })
    expect((await post('request-password-reset', { email: `x${ada.email}` })).status).toBe(200)
  })

  test('cannot be led to another site', async () => {
    const ada = await app.user('ada')
    const elsewhere = { email: ada.email, redirectTo: 'https://evil.test/' }
    expect((await post('request-password-reset', elsewhere)).status).toBe(403)
    await post('request-password-reset', { email: ada.email }, { host: 'evil.test', 'x-forwarded-host': 'evil.test' })
    expect(linkIn(await mailbox.next(ada.email)).origin).toBe(app.url)
  })

  test('whose letter cannot be sent is told to the log, without the address', async () => {
    const broken = await startMailbox()
    broken.refuse()
    const other = await startApp({ env: { SMTP_URL: broken.url, MAIL_FROM: 'parley@example.test' } })
    const ada = await other.user('ada')
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    expect((await post('request-password-reset', { email: ada.email }, {}, other.url)).status).toBe(200)
    await vi.waitFor(() => expect(logged.mock.calls.flat().join()).toContain('mail: a letter could not be sent'))
    expect(logged.mock.calls.flat().join()).not.toContain(ada.email)
    logged.mockRestore()
  })
})

describe('an address', () => {
  test('is changed when who reads there says so; who reads at the old one hears of it', async () => {
    const ada = await app.user('ada')
    const newEmail = `new-${ada.email}`
    const change = { newEmail, password: oldPassword, callbackURL: '/dashboard/settings' }
    expect((await post('change-email', change, ada.headers)).status).toBe(200)
    const letter = await mailbox.next(newEmail)
    expect((await mailbox.next(ada.email)).text).toContain(newEmail)
    expect(await signsIn(newEmail, oldPassword)).toBe(false)
    const link = linkIn(letter)
    expect(link.origin).toBe(app.url)
    const opened = await ada.request(link.pathname + link.search, { redirect: 'manual' })
    expect([opened.status, opened.headers.get('location')]).toEqual([302, '/dashboard/settings'])
    expect(await signsIn(newEmail, oldPassword)).toBe(true)
    expect(await signsIn(ada.email, oldPassword)).toBe(false)
    await ada.request(link.pathname + link.search, { redirect: 'manual' }) // again: changes nothing
    expect(await signsIn(newEmail, oldPassword)).toBe(true)
  })

  test('of somebody else is not taken, and nobody learns that it is theirs', async () => {
    const [ada, eve] = [await app.user('ada'), await app.user('eve')]
    const free = `free-${eve.email}`
    const answers = []
    for (const newEmail of [ada.email, free])
      answers.push(await post('change-email', { newEmail, password: oldPassword }, eve.headers))
    expect(answers[0]).toEqual(answers[1])
    await mailbox.next(free)
    expect(mailbox.letters.filter(({ to }) => to === ada.email)).toEqual([])
  })
})

describe('without a mail server', () => {
  test('pages are told so, and no letter is promised', async () => {
    const plain = await startApp()
    expect(await (await fetch(`${plain.url}/api/auth/options`)).json()).toEqual({ mail: false, providers: [] })
    expect(await (await fetch(`${app.url}/api/auth/options`)).json()).toEqual({ mail: true, providers: [] })
    const [known, unknown] = await Promise.all(
      [(await plain.user()).email, 'nobody@example.test'].map((email) =>
        post('request-password-reset', { email }, {}, plain.url),
      ),
    )
    expect([known?.status, known?.body.code]).toEqual([unknown?.status, unknown?.body.code])
    expect(known?.status).toBe(400)
  })

  test('whoever runs the server makes a link: on PostgreSQL at any time, else while it rests', async () => {
    const { databaseUrl, dataDir } = await freshDatabase()
    const env = { DATABASE_URL: databaseUrl, PARLEY_DATA_DIR: dataDir }
    const server = await startServer(env)
    const ada = await signUp(server.url, 'ada')
    const variables: Record<string, string | undefined> = { PATH: process.env.PATH, PARLEY_URL: server.url, ...env }
    const reset = (email: string) =>
      run(process.execPath, ['api/reset-password.ts', email], {
        env: variables as NodeJS.ProcessEnv, // Remix's types want NODE_ENV, which a person at a shell does not set
      })
    if (engine() === 'pglite') {
      const refused = await reset(ada.email).catch((error: { stderr: string; code: number }) => error)
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`in use by process ${server.pid()}`) })
      await server.stop()
    }
    const unknown = await reset('nobody@example.test').catch((error: { stderr: string; code: number }) => error)
    expect(unknown).toMatchObject({ code: 1, stderr: 'There is nobody with the address nobody@example.test.\n' })
    const { stdout } = await reset(ada.email)
    if (engine() === 'pglite') await server.start()
    const token = linkIn({ from: '', to: '', text: stdout }).searchParams.get('token')
    expect((await post('reset-password', { token, newPassword }, {}, server.url)).status).toBe(200)
    expect(await isSignedIn(ada)).toBe(false)
    expect((await post('reset-password', { token, newPassword: oldPassword }, {}, server.url)).status).toBe(400)
    const body = { email: ada.email, password: newPassword }
    expect((await post('sign-in/email', body, {}, server.url)).status).toBe(200)
  }, 180_000)
})

test('keys of programs are not passwords: a new password leaves them as they are', async () => {
  const ada = await app.user('ada')
  const { key } = await keyOf(ada, ['tasks:read'])
  await post('reset-password', { token: await tokenFor(ada.email), newPassword })
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: '{"query":"{ viewer { email } }"}' }
  expect((await fetch(`${app.url}/graphql`, init)).status).toBe(200)
  await expect(signIn(app.url, ada)).rejects.toThrow('HTTP 401')
})
