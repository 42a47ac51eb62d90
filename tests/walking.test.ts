import { expect, test } from 'vitest'
import { publicId } from '../api/ids.ts'
import { startApp } from './support/app.ts'
import { says, startProvider } from './support/scripted-provider.ts'
import type { User } from './support/user.ts'

const messages = 800
const conversations = 320
const pageSize = 40

type Page = { edges: { node: { id: string } }[]; pageInfo: { more: boolean; at: string | null } }

const forwards = ['first', 'after', 'more: hasNextPage at: endCursor'] as const
const backwards = ['last', 'before', 'more: hasPreviousPage at: startCursor'] as const
const ways = [forwards, backwards]

/** All ids of a list in the order in which a walk meets them; `met` is told after each page. */
async function walk(
  user: User,
  [size, from]: (typeof ways)[number],
  list: (args: string) => string,
  met: (pages: number) => Promise<unknown> = async () => {},
): Promise<string[]> {
  const ids: string[] = []
  let at: string | null = null
  for (let [pages, more] = [1, true]; more; pages++) {
    const document = `query ($at: String) { ${list(`(${size}: ${pageSize}, ${from}: $at`)} }`
    const answer: { list: Page & { list?: Page } } = await user.query(document, { at })
    const { edges, pageInfo }: Page = answer.list.list ?? answer.list
    const page = edges.map(({ node }) => node.id)
    ids.push(...(size === 'last' ? page.reverse() : page))
    at = pageInfo.at
    more = pageInfo.more
    await met(pages)
  }
  return ids
}

const fields = (info: string) => `edges { node { id } } pageInfo { ${info} }`

test('who walks page by page while others write meets every row once, in both directions', async () => {
  const provider = await startProvider()
  const app = await startApp({ provider })
  const ada = await app.user('ada')
  const { viewer } = await ada.query<{ viewer: { id: string } }>('{ viewer { id } }')
  provider.always(says('Zebrafinch, of course.'))
  const long = (await ada.hears('The long one')).conversation
  const em = app.database.units.asSystem()
  const [{ user_id: userId, conversation_id: longId } = { user_id: '', conversation_id: '' }] = await em.execute<
    { user_id: string; conversation_id: string }[]
  >(`select user_id, id as conversation_id from conversation where title is not null and user_id in
     (select user_id from message where content = 'The long one')`)
  expect(publicId('user', userId)).toBe(viewer.id)
  await em.execute(
    `insert into message (id, user_id, conversation_id, sequence, role, content, status, created_at)
     select gen_random_uuid(), ?, ?, 100 + n, 'USER', 'message ' || n || case n % 20 when 0 then ' zebrafinch' else '' end, 'COMPLETE', now()
     from generate_series(1, ?::int) n`,
    [userId, longId, messages],
  )
  await em.execute('update conversation set last_sequence = ? where id = ?', [100 + messages, longId])
  await em.execute(
    `insert into conversation (id, user_id, title, created_at, updated_at)
     select gen_random_uuid(), ?, 'Nr ' || n, now(), now() - (n / 3) * interval '1 hour' from generate_series(1, ?::int) n`,
    [userId, conversations],
  )
  const stored = async (sql: string) => new Set((await em.execute<{ id: string }[]>(sql, [userId])).map(({ id }) => id))
  const [allMessages, allConversations, allFound] = [
    await stored('select id from message where user_id = ?'),
    await stored('select id from conversation where user_id = ?'),
    await stored(`select id from message where user_id = ? and content ilike '%zebrafinch%'`),
  ]

  /** Says something in the long conversation, and begins others: now and then, between two pages. */
  let others = 0
  const writes = async (pages: number) => {
    if (pages % 4 !== 1) return
    others++
    await Promise.all([
      ada.hears(`Meanwhile ${others}`, { conversation: long }),
      ada.mutate('mutation ($t: String!) { createConversation(input: { title: $t }) { conversation { id } } }', {
        t: `New ${others}`,
      }),
    ])
  }
  const known = (ids: string[], kind: 'msg' | 'conv', all: Set<string>) => {
    const wanted = new Set([...all].map((id) => publicId(kind, id)))
    const counted = new Map([...Map.groupBy(ids, (id) => id)].map(([id, times]) => [id, times.length]))
    expect([...counted].filter(([, times]) => times > 1)).toEqual([])
    expect([...wanted].filter((id) => !counted.has(id))).toEqual([])
  }
  for (const way of ways) {
    const said = await walk(
      ada,
      way,
      (args) =>
        `list: conversation(id: "${long.id}") { list: messages${args}, includeSuperseded: true) { ${fields(way[2])} } }`,
      writes,
    )
    known(said, 'msg', allMessages)
    known(
      await walk(ada, way, (args) => `list: conversations${args}) { ${fields(way[2])} }`, writes),
      'conv',
      allConversations,
    )
  }
  const found = await walk(
    ada,
    forwards,
    (args) => `list: searchMessages${args}, query: "zebrafinch") { ${fields(forwards[2])} }`,
    writes,
  )
  known(found, 'msg', allFound)
  expect(others).toBeGreaterThan(10)
}, 300_000)
