import { randomUUID } from 'node:crypto'
import { getMigrations } from 'better-auth/db/migration'
import { beforeAll, describe, expect, test } from 'vitest'
import { ApiKey } from '../api/auth/api-key.entity.ts'
import { createAuth } from '../api/auth/auth.ts'
import { Attachment } from '../api/conversations/attachment.entity.ts'
import { Conversation } from '../api/conversations/conversation.entity.ts'
import { Message } from '../api/conversations/message.entity.ts'
import type { Database } from '../api/database/database.ts'
import { IdempotencyKey } from '../api/runs/idempotency.entity.ts'
import { Run } from '../api/runs/run.entity.ts'
import { RunEventRow } from '../api/runs/run-event.entity.ts'
import { ToolCall } from '../api/runs/tool-call.entity.ts'
import { Task } from '../api/tasks/task.entity.ts'
import { ImportJob } from '../api/transfer/import-job.entity.ts'
import { openDatabase } from './support/databases.ts'

let database: Database

beforeAll(async () => {
  database = await openDatabase()
})

const tables = [
  'api_key',
  'attachment',
  'conversation',
  'idempotency_key',
  'import_job',
  'message',
  'rate_bucket',
  'run',
  'run_event',
  'search_word',
  'task',
  'tool_call',
]

/** As a user, in raw SQL: the ORM's own conditions are not in the way. */
const sqlAs = (id: string, sql: string, params: unknown[] = []) => database.units.as({ id }).execute(sql, params)
const sqlAsOwner = (sql: string, params: unknown[] = []) => database.orm.em.fork().execute(sql, params)

async function newUser(): Promise<string> {
  const rows = await sqlAsOwner(
    `insert into auth_user (name, email, "emailVerified") values ('Someone', ?, false) returning id`,
    [`${randomUUID()}@example.test`],
  )
  return String(rows[0]?.id)
}

/** A user with a row in every table, made in one flush. */
async function settledUser() {
  const userId = await newUser()
  const em = database.units.as({ id: userId })
  const conversation = em.create(Conversation, { userId, title: 'Secret plans' })
  const conversationId = conversation.id
  const said = { userId, conversationId, status: 'COMPLETE' as const }
  const question = em.create(Message, { ...said, sequence: 1, role: 'USER', content: 'What now?' })
  const run = em.create(Run, {
    userId,
    conversationId,
    messageId: question.id,
    number: 1,
    status: 'RUNNING',
    model: 'any',
  })
  const answer = em.create(Message, { ...said, sequence: 2, role: 'ASSISTANT', content: 'This.', runId: run.id })
  const again = em.create(Message, { ...said, sequence: 3, role: 'USER', content: 'And?', replacesId: question.id })
  const call = em.create(ToolCall, {
    userId,
    conversationId,
    runId: run.id,
    messageId: answer.id,
    position: 0,
    providerId: 'call_1',
    calledAs: 'list_tasks',
    name: 'list_tasks',
    server: 'tasks',
    argumentsText: '{}',
    status: 'PENDING',
  })
  em.create(RunEventRow, { runId: run.id, attempt: 1, lastSeq: 1, userId, event: { type: 'run.ended' } })
  em.create(IdempotencyKey, { userId, key: 'key-12345', hash: 'h' })
  em.create(ImportJob, { userId, status: 'DONE' })
  em.create(Attachment, {
    userId,
    messageId: question.id,
    name: 'a.txt',
    mediaType: 'text/plain',
    size: 1,
    bytes: Buffer.from('a'),
  })
  em.create(ApiKey, { userId, name: 'Robot', hash: 'h', start: 'parley_', scopes: [], expiresAt: new Date() })
  const task = em.create(Task, { userId, title: 'Buy oat milk' })
  await em.flush()
  await em.execute(`insert into rate_bucket values (?, 'sends', now(), 1, 1)`, [userId])
  return { userId, conversation, question, answer, again, run, call, task }
}

async function countsAs(userId: string): Promise<Record<string, number>> {
  const counts = tables.map((table) => `(select count(*)::int from "${table}") as "${table}"`)
  const [row] = await sqlAs(userId, `select ${counts.join(', ')}`)
  return row as Record<string, number>
}

const none = Object.fromEntries(tables.map((table) => [table, 0]))

describe('the tables', () => {
  test('are what the entities say', async () => {
    const diff: string = await database.orm.schema.getUpdateSchemaSQL({ wrap: false })
    const statements = diff.split(';\n').filter((it) => it.trim() !== '')
    // The entities do not know the foreign keys, which are written by hand: the next test looks at them.
    expect(statements.filter((it) => !/^\s*alter table "\w+" drop constraint "\w+_fk"$/.test(it))).toEqual([])
  })

  test('are what Better Auth wants', async () => {
    const settings = { url: 'http://localhost', production: false, secret: 's'.repeat(40), dataDir: 'memory://' }
    const { options } = await createAuth(settings, database.orm.em, database.units)
    const { toBeCreated, toBeAdded } = await getMigrations(options)
    expect({ toBeCreated, toBeAdded }).toEqual({ toBeCreated: [], toBeAdded: [] })
  })

  test('hang together by keys that carry the owner', async () => {
    const rows = await sqlAsOwner(
      `select conrelid::regclass::text as child, pg_get_constraintdef(oid) as definition
       from pg_constraint where contype = 'f' and conrelid::regclass::text not like 'auth%'`,
    )
    const keys = rows.map(({ child, definition }) => `${child}: ${definition}`)
    const toUser = 'FOREIGN KEY (user_id) REFERENCES auth_user(id) ON DELETE CASCADE'
    const to = (parent: string) =>
      `FOREIGN KEY (${parent}_id, user_id) REFERENCES ${parent}(id, user_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED`
    expect(keys.sort()).toEqual(
      [
        `api_key: ${toUser}`,
        `attachment: ${toUser}`,
        `attachment: ${to('message')}`,
        `conversation: ${toUser}`,
        `idempotency_key: ${toUser}`,
        `import_job: ${toUser}`,
        `search_word: ${toUser}`,
        `rate_bucket: ${toUser}`,
        `task: ${toUser}`,
        `message: ${to('conversation')}`,
        `message: ${to('run')}`,
        'message: FOREIGN KEY (replaces_id, user_id) REFERENCES message(id, user_id) ON DELETE SET NULL (replaces_id) DEFERRABLE INITIALLY DEFERRED',
        `run: ${to('conversation')}`,
        `run: ${to('message')}`,
        `run_event: ${to('run')}`,
        `tool_call: ${to('conversation')}`,
        `tool_call: ${to('message')}`,
        `tool_call: ${to('run')}`,
      ].sort(),
    )
  })

  test('have row-level security, forced, all but those of Better Auth', async () => {
    const rows = await sqlAsOwner(
      `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
       and relrowsecurity and relforcerowsecurity order by relname`,
    )
    expect(rows.map(({ relname }) => relname)).toEqual(tables)
  })

  test('of Better Auth, and the list of migrations, are closed to both roles', async () => {
    const rows = await sqlAsOwner(
      `select c.relname, role, privilege
       from pg_class c,
            unnest(array['app_user', 'app_system']) role,
            unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) privilege
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
         and (c.relname like 'auth%' or c.relname = 'schema_migration')
         and has_table_privilege(role, c.oid, privilege)`,
    )
    expect(rows).toEqual([])
    await expect(sqlAs(await newUser(), 'select * from auth_session')).rejects.toMatchObject({ code: '42501' })
    await expect(database.units.asSystem().execute('select * from auth_jwks')).rejects.toMatchObject({ code: '42501' })
  })

  test('can be brought up to date again and by several at once', async () => {
    await Promise.all([database.migrate(), database.migrate()])
    const names = ['0001-first-tables', '0002-task-indexes']
    expect(await sqlAsOwner('select name from schema_migration order by id')).toEqual(names.map((name) => ({ name })))
  })
})

describe('who sees what, in raw SQL', () => {
  let ada: Awaited<ReturnType<typeof settledUser>>
  let eve: string

  beforeAll(async () => {
    ada = await settledUser()
    eve = await newUser()
  })

  test('the owner sees every row, someone else none', async () => {
    expect(await countsAs(ada.userId)).toEqual({ ...none, api_key: 1, attachment: 1, conversation: 1, idempotency_key: 1, import_job: 1, message: 3, rate_bucket: 1, run: 1, run_event: 1, search_word: 2, task: 1, tool_call: 1 }) // biome-ignore format: one row per table
    expect(await countsAs(eve)).toEqual(none)
    expect(await countsAs(randomUUID())).toEqual(none)
  })

  test('a forgotten identity sees nothing', async () => {
    for (const table of tables) expect(await sqlAsOwner(`select * from "${table}"`), table).toEqual([])
    const forgotten = database.orm.em.fork({ session: { role: 'app_user' } })
    for (const table of tables) expect(await forgotten.execute(`select * from "${table}"`), table).toEqual([])
  })

  test('a connection that served someone serves the next as nobody', async () => {
    await countsAs(ada.userId)
    const [row] = await sqlAsOwner(`select current_user as role, current_setting('app.user_id', true) as user_id`)
    expect(['app_owner', 'parley_test']).toContain(row?.role)
    expect(row?.user_id ?? '').toBe('')
  })

  test.each(tables)('%s: the rows of others cannot be changed, taken or removed', async (table) => {
    const before = await sqlAs(ada.userId, `select * from "${table}"`)
    expect(await sqlAs(eve, `update "${table}" set user_id = user_id returning 1`)).toEqual([])
    expect(await sqlAs(eve, `update "${table}" set user_id = ? returning 1`, [eve])).toEqual([])
    expect(await sqlAs(eve, `delete from "${table}" returning 1`)).toEqual([])
    await expect(sqlAs(ada.userId, `update "${table}" set user_id = ?`, [eve])).rejects.toMatchObject({ code: '42501' })
    expect(await sqlAs(ada.userId, `select * from "${table}"`)).toEqual(before)
  })

  test('rows cannot be written in the name of others', async () => {
    const insert = 'insert into task (id, user_id, title, created_at, updated_at) values (?, ?, ?, now(), now())'
    await expect(sqlAs(eve, insert, [randomUUID(), ada.userId, 'Forged'])).rejects.toMatchObject({ code: '42501' })
    await sqlAs(eve, insert, [randomUUID(), eve, 'Own'])
    expect((await countsAs(eve)).task).toBe(1)
  })

  test('a row of one’s own cannot hang on the row of someone else, known or not', async () => {
    const eves = await settledUser()
    const message = `insert into message (id, user_id, conversation_id, run_id, replaces_id, sequence, role, status, created_at)
      values (?, ?, ?, ?, ?, 9, 'USER', 'COMPLETE', now())`
    const run = `insert into run (id, user_id, conversation_id, message_id, status, model, created_at)
      values (?, ?, ?, ?, 'QUEUED', 'any', now())`
    const call = `insert into tool_call (id, user_id, conversation_id, run_id, message_id, position, provider_id, called_as, name, server, arguments_text, status)
      values (?, ?, ?, ?, ?, 9, '', '', '', '', '', 'PENDING')`
    const event = `insert into run_event (run_id, attempt, last_seq, user_id, event) values (?, 9, 9, ?, '{}')`
    const { userId } = eves
    const own = { conversation: eves.conversation.id, message: eves.question.id, run: eves.run.id }
    for (const foreign of [
      { conversation: ada.conversation.id, message: ada.question.id, run: ada.run.id },
      { conversation: randomUUID(), message: randomUUID(), run: randomUUID() },
    ]) {
      const attempts: [string, unknown[]][] = [
        [message, [randomUUID(), userId, foreign.conversation, null, null]],
        [message, [randomUUID(), userId, own.conversation, foreign.run, null]],
        [message, [randomUUID(), userId, own.conversation, null, foreign.message]],
        [run, [randomUUID(), userId, foreign.conversation, own.message]],
        [run, [randomUUID(), userId, own.conversation, foreign.message]],
        [call, [randomUUID(), userId, foreign.conversation, own.run, own.message]],
        [call, [randomUUID(), userId, own.conversation, foreign.run, own.message]],
        [call, [randomUUID(), userId, own.conversation, own.run, foreign.message]],
        [event, [foreign.run, userId]],
      ]
      for (const [sql, params] of attempts)
        await expect(sqlAs(userId, sql, params)).rejects.toMatchObject({ code: '23503' })
    }
    await sqlAs(userId, message, [randomUUID(), userId, own.conversation, own.run, own.message])
    await sqlAs(userId, run, [randomUUID(), userId, own.conversation, own.message])
    await sqlAs(userId, call, [randomUUID(), userId, own.conversation, own.run, own.message])
    await sqlAs(userId, event, [own.run, userId])
  })

  test('the system sees the rows of all', async () => {
    const rows = await database.units.asSystem().execute('select user_id from conversation')
    expect(rows.map((it) => it.user_id)).toContain(ada.userId)
  })

  test('while a transaction of one is open, the query of another does not slip into it', async () => {
    const entered = Promise.withResolvers<void>()
    const leave = Promise.withResolvers<void>()
    const work = database.units.as({ id: ada.userId }).transactional(async (em) => {
      await em.execute('select 1')
      entered.resolve()
      await leave.promise
      return em.execute('select id from conversation')
    })
    await entered.promise
    const other = countsAs(eve)
    leave.resolve()
    expect(await work).toHaveLength(1)
    expect((await other).conversation).toBe(0)
  })
})

describe('what is deleted takes along what hangs on it', () => {
  test('a conversation its messages, runs, tool calls and log, as the user', async () => {
    const { userId, conversation } = await settledUser()
    const em = database.units.as({ id: userId })
    expect(await em.nativeDelete(Conversation, { id: conversation.id })).toBe(1)
    expect(await countsAs(userId)).toEqual({
      ...none,
      api_key: 1,
      idempotency_key: 1,
      import_job: 1,
      rate_bucket: 1,
      task: 1,
    })
  })

  test('a run its answer, not the question', async () => {
    const { userId, run } = await settledUser()
    await database.units.as({ id: userId }).nativeDelete(Run, { id: run.id })
    expect(await countsAs(userId)).toMatchObject({ message: 2, run: 0, run_event: 0, tool_call: 0 })
  })

  test('a replaced message leaves its successor, which forgets it and nothing else', async () => {
    const { userId, question, again } = await settledUser()
    await sqlAs(userId, 'delete from message where id = ?', [question.id])
    const rows = await sqlAs(userId, 'select replaces_id, user_id, content from message where id = ?', [again.id])
    expect(rows).toEqual([{ replaces_id: null, user_id: userId, content: 'And?' }])
  })

  test('an account everything of its own and nothing of others', async () => {
    const [ada, eve] = [await settledUser(), await settledUser()]
    const before = await countsAs(eve.userId)
    await sqlAsOwner('delete from auth_user where id = ?', [ada.userId])
    expect(await countsAs(ada.userId)).toEqual(none)
    expect(await countsAs(eve.userId)).toEqual(before)
  })
})

test('a conversation runs one answer at a time', async () => {
  const { userId, conversation, question } = await settledUser()
  const em = database.units.as({ id: userId })
  em.create(Run, { userId, conversationId: conversation.id, messageId: question.id, status: 'RUNNING', model: 'any' })
  await expect(em.flush()).rejects.toMatchObject({ code: '23505' })
})
