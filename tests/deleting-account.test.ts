import { beforeAll, expect, test, vi } from 'vitest'
import { startApp, type TestApp } from './support/app.ts'
import { cleanUpAfterFile } from './support/cleaning.ts'
import { apiKey, bearer, keyOf } from './support/key.ts'
import { mcpSession, postMcp } from './support/mcp.ts'
import { calls, type Provider, pause, says, startProvider } from './support/scripted-provider.ts'
import { password, type User } from './support/user.ts'

let provider: Provider
let app: TestApp

beforeAll(async () => {
  provider = await startProvider()
  cleanUpAfterFile(() => provider.close())
  app = await startApp({ provider })
})

const json = { 'content-type': 'application/json' }
const remove = (user: User, body: object) =>
  user.request('/api/auth/delete-user', { method: 'POST', headers: json, body: JSON.stringify(body) })

async function uploaded(user: User): Promise<string> {
  const form = new FormData()
  form.set('file', new File(['a file'], 'file.txt', { type: 'text/plain' }))
  const { id } = await (await user.request('/attachments', { method: 'POST', body: form })).json()
  return id
}

/** Everything that hangs on a user, by the names of the columns: a table that comes later is looked at too. */
async function rowsOf(userId: string): Promise<Record<string, number>> {
  const em = app.database.orm.em.fork()
  const tables = await em.execute<{ table_name: string; column_name: string }[]>(
    `select c.table_name, c.column_name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
       and (c.column_name in ('user_id', 'userId') or (c.table_name = 'auth_user' and c.column_name = 'id'))`,
  )
  expect(tables.length).toBeGreaterThan(12)
  const counted: Record<string, number> = {}
  for (const { table_name: table, column_name: column } of tables) {
    const unit = table.startsWith('auth_') ? em : app.database.units.asSystem()
    const [row] = await unit.execute(`select count(*) as rows from "${table}" where "${column}" = ?`, [userId])
    if (Number(row?.rows) > 0) counted[table] = Number(row?.rows)
  }
  return counted
}

/** One subscription of hers, and how it ended. */
function ending(user: User, query: string): Promise<string> {
  return user
    .request('/graphql', {
      method: 'POST',
      headers: { ...json, accept: 'text/event-stream' },
      body: JSON.stringify({ query: `subscription { ${query} { __typename } }` }),
    })
    .then((it) => it.text())
}

test('an account goes with everything that is its person’s: rows, answers in the making, streams, sessions and keys', async () => {
  const [ada, eve] = [await app.user('ada'), await app.user('eve')]
  const { viewer } = await ada.query<{ viewer: { id: string } }>('{ viewer { id } }')
  const [row] = await app.database.orm.em.fork().execute('select id from auth_user where email = ?', [ada.email])
  const userId = String(row?.id)

  provider.plays(says('an answer'))
  const { conversation } = await ada.hears('a question')
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: 'task_x' } }))
  const waiting = await ada.asks('delete it')
  const status = 'query ($id: ID!) { node(id: $id) { ... on Run { status } } }'
  await vi.waitFor(async () =>
    expect(await ada.query(status, { id: waiting.run.id })).toEqual({ node: { status: 'AWAITING_APPROVAL' } }),
  )
  provider.plays(says('and so on', pause))
  const { run } = await ada.asks('go on', { conversation })
  await provider.paused()
  const asking = provider.requests.at(-1)
  await ada.asks('and then', { conversation, whenBusy: 'QUEUE' })
  await ada.mutate('mutation { createTask(input: { title: "a task", idempotencyKey: "key-of-ada" }) { task { id } } }')
  const file = await uploaded(ada)
  const link = 'query ($id: ID!) { node(id: $id) { ... on Attachment { url } } }'
  const { node } = await ada.query<{ node: { url: string } }>(link, { id: file })
  const { key } = await keyOf(ada, ['conversations:read', 'tasks:read'])
  const token = await ada.token()
  const other = await app.again(ada)
  const mcp = await mcpSession(app.url, bearer(token))
  for (const headers of [apiKey(key), bearer(token), other.headers]) expect((await asked(headers)).status).toBe(200)
  await eve.mutate('mutation { createTask(input: { title: "eve’s" }) { task { id } } }')
  const before = await rowsOf(userId)
  expect(Object.keys(before)).toEqual(
    expect.arrayContaining(['conversation', 'message', 'run', 'task', 'attachment', 'api_key', 'auth_session']),
  )

  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const streams = Promise.all([
    ending(ada, 'viewerEvents'),
    ending(other, `conversationEvents(conversationId: "${conversation.id}")`),
    ending(ada, `conversationEvents(conversationId: "${waiting.conversation.id}")`),
  ])
  const ends = Array.fromAsync(ada.follows(run)).catch((error: { code: string }) => error.code)
  for (const wrong of [{}, { password: 'wrong horse' }]) expect((await remove(ada, wrong)).status).toBe(400)
  expect((await remove(ada, { password })).status).toBe(200)

  expect(await rowsOf(userId)).toEqual({})
  for (const headers of [apiKey(key), bearer(token), bearer(key), ada.headers, other.headers])
    expect((await asked(headers)).status).toBe(401)
  expect((await postMcp(app.url, bearer(token), { id: 2, method: 'tools/list', params: {} }, mcp.id)).status).toBe(401)
  expect((await fetch(node.url)).status).toBe(404)
  await expect(app.again(ada)).rejects.toThrow('HTTP 401')

  // What was being made was stopped, and whoever follows hears of it.
  const told = await ends
  expect(Array.isArray(told) ? told.at(-1)?.__typename : told).toMatch(/RunEnded|SESSION_EXPIRED/)
  await asking?.hungUp
  await vi.advanceTimersByTimeAsync(60_000)
  for (const text of await streams) expect(text).toContain('"SESSION_EXPIRED"')
  vi.useRealTimers()

  // Nothing comes back, and nobody else lost anything.
  expect(await rowsOf(userId)).toEqual({})
  expect(await eve.query('{ tasks { edges { node { title } } } }')).toMatchObject({
    tasks: { edges: [{ node: { title: 'eve’s' } }] },
  })
  const gone = await eve.query<{ node: unknown }>('query ($id: ID!) { node(id: $id) { id } }', { id: viewer.id })
  expect(gone.node).toBeNull()
})

const asked = (headers: Record<string, string>) =>
  fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { ...json, ...headers },
    body: '{"query":"{ viewer { id } }"}',
  })

test('an account without a password is deleted by who has just signed in, not by who did long ago', async () => {
  const ada = await app.user('ada')
  const sql = (text: string) => app.database.orm.em.fork().execute(text, [ada.email])
  const hers = `"userId" = (select id from auth_user where email = ?)`
  await sql(`delete from auth_account where ${hers}`)
  await sql(`update auth_session set "createdAt" = now() - interval '11 minutes' where ${hers}`)
  const refused = await remove(ada, {})
  expect([refused.status, (await refused.json()).code]).toEqual([403, 'SESSION_NOT_FRESH'])
  await sql(`update auth_session set "createdAt" = now() - interval '9 minutes' where ${hers}`)
  expect((await remove(ada, {})).status).toBe(200)
  expect(await sql('select id from auth_user where email = ?')).toEqual([])
})
