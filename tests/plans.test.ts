import { beforeAll, describe, expect, test } from 'vitest'
import type { Viewer } from '../api/auth/viewer.ts'
import { type ConversationFilter, listConversations, listMessages } from '../api/conversations/conversations.ts'
import { searchMessages } from '../api/conversations/search-messages.ts'
import { standardLimits } from '../api/limits.ts'
import { listRuns } from '../api/runs/reading.ts'
import { listTasks } from '../api/tasks/tasks.ts'
import { openDatabase } from './support/databases.ts'
import { watchStatements } from './support/statements.ts'
import { storedUser } from './support/stored-user.ts'

let database: Awaited<ReturnType<typeof openDatabase>>
let viewer: Viewer
let conversationId: string

beforeAll(async () => {
  database = await openDatabase()
  viewer = await storedUser(database, 'ada')
  const other = await storedUser(database, 'bob')
  const em = database.units.asSystem()
  for (const [{ id }, many] of [
    [viewer, 3_000],
    [other, 40_000],
  ] as const)
    await em.execute(
      `insert into conversation (id, user_id, title, created_at, updated_at, archived_at, pinned_at)
       select gen_random_uuid(), ?, 'Conversation ' || n, now(), now() - n * interval '1 hour',
         case when n % 100 = 0 then now() end, case when n % 400 = 0 then now() end
       from generate_series(1, ?::int) n`,
      [id, many],
    )
  await em.execute(
    `insert into message (id, user_id, conversation_id, sequence, role, content, status, created_at)
     select gen_random_uuid(), c.user_id, c.id, n, 'USER', 'message ' || n || ' about ' || left(md5(c.id::text || n), 3), 'COMPLETE', now()
     from conversation c, generate_series(1, 5) n where c.user_id = ?`,
    [viewer.id],
  )
  await em.execute(
    `insert into run (id, user_id, conversation_id, message_id, number, status, model, created_at)
     select gen_random_uuid(), user_id, conversation_id, id, sequence, 'COMPLETED', 'any', now() from message`,
  )
  const rows = await em.execute<{ id: string }[]>('select id from conversation where user_id = ? limit 1', [viewer.id])
  conversationId = rows[0]?.id ?? ''
  for (const { id } of [viewer, other])
    await em.execute(
      `insert into task (id, user_id, title, created_at, updated_at, completed_at)
       select gen_random_uuid(), ?, 'Task ' || n, now() - n * interval '1 minute', now(), case when n % 50 <> 0 then now() end
       from generate_series(1, 10000) n`,
      [id],
    )
  await em.execute('insert into search_word (user_id, word) select ?, md5(n::text) from generate_series(1, 20000) n', [
    viewer.id,
  ])
  // All rows are looked at: a sample by chance would be a plan by chance.
  await database.orm.em.fork().transactional(async (em) => {
    await em.execute('set local default_statistics_target = 1000')
    for (const table of ['conversation', 'message', 'run', 'task', 'search_word']) await em.execute(`analyze ${table}`)
  })
}, 120_000)

/** What the database would do for each statement of this, as the viewer. */
async function plansOf(work: () => Promise<unknown>): Promise<string> {
  const statements = await watchStatements(database).during(work)
  const plans: string[] = []
  for (const statement of statements) plans.push(await planOf(statement))
  return plans.join('\n')
}

async function planOf(statement: string, units = database.units.as(viewer)): Promise<string> {
  const rows = await units.execute<Record<string, string>[]>(`explain ${statement}`)
  return rows.map((row) => Object.values(row)[0]).join('\n')
}

const filters: [string, ConversationFilter, string | RegExp][] = [
  ['the usual list', {}, 'conversation_listed_idx'],
  ['archived ones', { archived: true }, 'conversation_archived_idx'],
  ['all', { archived: null }, 'conversation_list_idx'],
  // Few match, so it is all the same which of the indexes finds what is the viewer's.
  ['by title', { titleContains: 'tion 1234' }, /Index Cond: .*user_id/],
  ['since', { updatedAfter: new Date(Date.now() - 86_400_000) }, 'conversation_listed_idx'],
  ['until', { updatedBefore: new Date(Date.now() - 9_000_000_000) }, 'conversation_listed_idx'],
]

describe('lists sit on an index', () => {
  test.each(filters)('conversations: %s', async (_, filter, index) => {
    const plan = await plansOf(() => listConversations(database.units.as(viewer), viewer, { first: 20 }, filter))
    expect(plan).toMatch(index)
    expect(plan).not.toContain('Seq Scan')
    if (!filter.titleContains) expect(plan).not.toContain('Sort') // few titles match: those are sorted
  })

  test('conversations, deep down', async () => {
    const em = () => database.units.as(viewer)
    let after: string | undefined
    for (let pages = 0; pages < 3; pages++) {
      const page = await listConversations(em(), viewer, { first: 100, after })
      after = page.cursorOf(page.nodes.at(-1) as never)
    }
    const plan = await plansOf(() => listConversations(em(), viewer, { first: 20, after }))
    expect(plan).toContain('conversation_listed_idx')
    expect(plan).not.toMatch(/Seq Scan|Sort/)
    // The index is entered at the cursor; what comes before is not read and left out.
    expect(plan).toMatch(/Index Cond: .*ROW\(pinned, updated_at, id\) < ROW\(/)
    const back = await plansOf(() => listConversations(em(), viewer, { last: 20, before: after }))
    expect(back).toMatch(/Index Cond: .*ROW\(pinned, updated_at, id\) > ROW\(/)
  })

  test('what search found, kept to some conversations: by id', async () => {
    const plan = await plansOf(() =>
      searchMessages(database.units.as(viewer), viewer, { query: 'abc', archived: true, first: 5 }, standardLimits),
    )
    for (const table of ['message', 'conversation'])
      expect(plan).toMatch(new RegExp(`Scan using ${table}_\\w+ on ${table} .*\\n.*Index Cond: .*\\bid = ANY`))
    expect(plan).not.toContain('Seq Scan')
  })

  test.each([
    [undefined, 'task_list_idx'],
    ['OPEN', 'task_open_idx'],
    ['DONE', 'task_done_idx'],
  ] as const)('tasks: %s', async (status, index) => {
    const plan = await plansOf(() => listTasks(database.units.as(viewer), viewer, { first: 20 }, { status }))
    expect(plan).toContain(index)
    expect(plan).not.toMatch(/Seq Scan|Sort/)
  })

  test('messages and runs of a conversation', async () => {
    const plan = await plansOf(async () => {
      await listMessages(database.units.as(viewer), viewer, conversationId, { last: 3 })
      await listRuns(database.units.as(viewer), viewer, conversationId, { first: 3 })
    })
    expect(plan).toContain('message_position_uq')
    expect(plan).toContain('run_list_idx')
    expect(plan).not.toMatch(/Seq Scan/)
  })
})

test('search sits on its index, as the system that the function works as', async () => {
  const statement = `select id from message where user_id = '${viewer.id}' and search @@ 'about & abc'::tsquery`
  expect(await planOf(statement, database.units.asSystem())).toContain('message_search_idx')
  const similar = `select word from search_word where user_id = '${viewer.id}' and word % 'mesage'`
  await database.units.asSystem().transactional(async (em) => {
    await em.execute('set local enable_seqscan = off') // as the function has it
    const rows = await em.execute<Record<string, string>[]>(`explain ${similar}`)
    expect(rows.map((row) => Object.values(row)[0]).join('\n')).toContain('search_word_trigram_idx')
  })
})

test('below row-level security the index of search cannot be used: hence the function', async () => {
  const statement = `select id from message where user_id = '${viewer.id}' and search @@ 'about & abc'::tsquery`
  expect(await planOf(statement)).not.toContain('message_search_idx')
})
