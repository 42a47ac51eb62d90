import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startApp, type TestApp } from './support/app.ts'
import { apiKey, bearer, keyOf } from './support/key.ts'
import { calls, fails, says, startProvider } from './support/scripted-provider.ts'
import type { User } from './support/user.ts'

/** Words that nobody else has: where one of them turns up, it was taken from here. */
const word = () => `canary${randomBytes(12).toString('hex')}`
const secrets = {
  password: word(),
  message: word(),
  answer: word(),
  title: word(),
  tool: word(),
  secret: word().repeat(2),
}

const logged: string[] = []
const errors: string[] = []
let app: TestApp
let ada: User
let provider: Awaited<ReturnType<typeof startProvider>>
let credentials: string[]

beforeAll(async () => {
  for (const way of ['log', 'info', 'warn', 'error'] as const)
    vi.spyOn(console, way).mockImplementation((...words) => void logged.push(words.map(String).join(' ')))
  provider = await startProvider()
  app = await startApp({ provider, env: { PARLEY_SECRET: secrets.secret } })
  ada = await app.user('ada')
  const { key } = await keyOf(ada, ['conversations:read'])
  const token = await ada.token()
  credentials = [key, token, ada.headers.cookie.split('=')[1] ?? '', 'sk-test']
})

afterAll(async () => {
  vi.restoreAllMocks()
  await provider.close()
})

async function post(path: string, body: unknown, headers: Record<string, string> = ada.headers): Promise<void> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
  const response = await fetch(`${app.url}${path}`, init)
  const text = await response.text()
  if (!response.ok || text.includes('"errors"')) errors.push(text)
}

test('what people say, and what lets them in, is in no log and in no error', async () => {
  const { message, answer, title, tool, password } = secrets
  provider.plays(
    calls({ name: 'add_task', arguments: { title: tool } }, { name: 'add_task', arguments: { nonsense: tool } }),
    says(answer),
  )
  const { conversation } = await ada.hears(message)
  provider.plays(fails(400, { error: { message: `no ${credentials[3]}` } }))
  await ada.hears(`${message} again`, { conversation })
  await post('/graphql', { query: `mutation { createTask(input: { title: "${title}\\u0000" }) { task { id } } }` })
  await post('/graphql', {
    query: `mutation { sendMessage(input: { content: "${message}", model: "${title}" }) { run { id } } }`,
  })
  await post('/graphql', { query: `{ ${message} { id } }` }, bearer('wrong'))
  for (const credential of credentials) {
    await post('/graphql', { query: '{ viewer { id } }' }, bearer(`${credential}x`))
    await post('/graphql', { query: '{ viewer { id } }' }, { ...bearer(credential), ...apiKey(credential) })
  }
  await post('/chatkit', { type: 'threads.update', params: { thread_id: conversation.id, title: `${title}\0` } })
  await post('/api/auth/sign-in/email', { email: ada.email, password }, { origin: app.url })
  await post('/api/auth/sign-up/email', { email: ada.email, password, name: 'Ada' }, { origin: app.url })
  // The database itself stumbles, in the middle of a message.
  await app.database.orm.em.fork().execute('alter table message rename to message_away')
  await post('/graphql', { query: `mutation { sendMessage(input: { content: "${message}" }) { run { id } } }` })
  await post('/chatkit', { type: 'items.list', params: { thread_id: conversation.id } })
  await app.database.orm.em.fork().execute('alter table message_away rename to message')

  expect(errors.length).toBeGreaterThan(10)
  expect(logged.length).toBeGreaterThan(2)
  const told = [...errors, ...logged].join('\n')
  // What somebody sent is told back to them at most as the place that is wrong in their own document.
  for (const [name, secret] of Object.entries(secrets).filter(([it]) => it !== 'message'))
    expect(told.includes(secret), name).toBe(false)
  expect(logged.join('\n').includes(message), 'a message in the log').toBe(false)
  for (const credential of credentials) expect(told.includes(credential), credential.slice(0, 6)).toBe(false)
  expect(told).not.toMatch(/insert into|select .+ from|node_modules\/[^\n]*"/i)
})
