import { parseArgs } from 'node:util'
import { readConfig } from './config.ts'
import { createDatabase, type Database } from './database/database.ts'
import { isWord } from './database/migrations/0001-search.ts'

const usage = 'npm run seed -- --conversations <n> --messages <n> [--user <e-mail>]'
const batch = 20_000

/**
 * Fills the database for trying things at size: made-up conversations of one user, who is made when missing (without a
 * password). The words differ from message to message; each ten-thousandth message has `zebrafinch nightingale` in it.
 */
async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      conversations: { type: 'string', default: '1000' },
      messages: { type: 'string', default: '10000' },
      user: { type: 'string', default: 'seed@example.test' },
    },
  })
  const [conversations, messages] = [Number(values.conversations), Number(values.messages)]
  if (!(conversations >= 1) || !(messages >= 0)) throw new Error(usage)
  const database = await createDatabase(readConfig(process.env))
  try {
    await database.migrate()
    const userId = await userIdOf(database, values.user.toLowerCase())
    const started = Date.now()
    await fill(database, userId, Math.trunc(conversations), Math.trunc(messages))
    console.log(
      `${conversations} conversations and ${messages} messages in ${Math.round((Date.now() - started) / 1_000)} s`,
    )
  } finally {
    await database.close()
  }
}

async function userIdOf({ orm }: Database, email: string): Promise<string> {
  const em = orm.em.fork()
  await em.execute(
    `insert into auth_user (name, email, "emailVerified") values ('Seed', ?, true) on conflict (email) do nothing`,
    [email],
  )
  const rows = await em.execute<{ id: string }[]>('select id from auth_user where email = ?', [email])
  return rows[0]?.id ?? ''
}

/** Ids as of UUID v7: the time in milliseconds first, so that what was said later has the greater id. */
const idAt = (time: string) =>
  `(lpad(to_hex((extract(epoch from ${time}) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid`

/** The words of search are taken in once at the end, not statement by statement. */
async function fill(database: Database, userId: string, conversations: number, messages: number): Promise<void> {
  const owner = database.orm.em.fork()
  const system = () => database.units.asSystem()
  const triggers = async (word: 'enable' | 'disable') => {
    for (const table of ['conversation', 'message'])
      await owner.execute(`alter table "${table}" ${word} trigger "${table}_learn"`)
  }
  await triggers('disable')
  try {
    const per = Math.ceil(messages / conversations)
    for (let from = 0; from < conversations; from += batch) {
      const to = Math.min(conversations, from + batch)
      await system().execute(
        `insert into conversation (id, user_id, title, titled_by, created_at, updated_at, last_sequence)
         select ${idAt('at')}, ?, 'About ' || w[1 + n % 20] || ' and ' || w[1 + (n / 20) % 20] || ' ' || n, 'model', at, at, ?
         from (select n, now() - (?::int - n) * interval '1 minute' as at from generate_series(?::int, ?::int) n) s, ${words}`,
        [userId, per, conversations, from + 1, to],
      )
      tell('conversations', to, conversations)
    }
    let done = 0
    let after = '00000000-0000-0000-0000-000000000000'
    const at_once = Math.max(1, Math.floor(batch / Math.max(1, per)))
    while (done < messages) {
      const rows = await system().execute<{ id: string }[]>(
        `insert into message (id, user_id, conversation_id, sequence, role, content, status, created_at)
         select ${idAt('at')}, ?, c.id, n, case n % 2 when 1 then 'USER' else 'ASSISTANT' end,
           'What of ' || w[1 + (c.k * 7 + n) % 20] || ' number ' || (c.k * ?::bigint + n) || ', ' || w[1 + (c.k + n * 3) % 20] || ' and ' ||
           w[1 + (c.k * 3 + n) % 20] || '. Then word' || substr(translate(md5((c.k * 31 + n)::text), '0123456789', 'ghijklmnop'), 1, 4) || ' follows.' ||
           case when (c.k * ?::bigint + n) % 10000 = 0 then ' zebrafinch nightingale' else '' end,
           'COMPLETE', at
         from (select id, created_at, ?::bigint + row_number() over (order by id) - 1 as k
               from conversation where user_id = ? and id > ?::uuid order by id limit ?) c
         cross join generate_series(1, ?::int) n
         cross join lateral (select c.created_at + n * interval '1 second' as at) t, ${words}
         where c.k * ?::bigint + n <= ? returning conversation_id as id`,
        [userId, per, per, done / per, userId, after, at_once, per, per, messages],
      )
      if (rows.length === 0) break
      for (const { id } of rows) if (id > after) after = id
      done += rows.length
      tell('messages', done, messages)
    }
    const from = (table: string) =>
      `select lexeme from "${table}" r, unnest(tsvector_to_array(r.search)) lexeme where r.user_id = ? and ${isWord}`
    await system().execute(
      `insert into search_word (user_id, word) select ?, lexeme from (${from('message')} union ${from('conversation')}) w
       where not exists (select from search_word k where k.user_id = ? and k.word = lexeme)`,
      [userId, userId, userId, userId],
    )
  } finally {
    await triggers('enable')
  }
  for (const table of ['conversation', 'message', 'search_word']) await owner.execute(`analyze "${table}"`)
}

const words = `(select string_to_array('river mountain garden kitchen recipe travel budget python database holiday music
  painting football weather electric bicycle language history medicine planet', ' ') as w) v`.replace(/\s+/g, ' ')

function tell(noun: string, done: number, total: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} ${noun}   ${done >= total ? '\n' : ''}`)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
