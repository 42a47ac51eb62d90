import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Conversation } from '../api/conversations/conversation.entity.ts'
import { distance } from '../api/conversations/meant-words.ts'
import { Message } from '../api/conversations/message.entity.ts'
import { type SearchArgs, searchMessages } from '../api/conversations/search-messages.ts'
import { useSearchLanguage } from '../api/database/search-language.ts'
import { standardLimits } from '../api/limits.ts'
import { startApp } from './support/app.ts'
import { openDatabase, sharedDatabase } from './support/databases.ts'
import { says, startProvider } from './support/scripted-provider.ts'
import { storedUser } from './support/stored-user.ts'

type Said = string | { content: string; superseded?: boolean; status?: Message['status'] }

/** Someone whose conversations say this, by title. */
async function someoneWhoSaid(
  said: Record<string, readonly Said[]>,
  database?: Awaited<ReturnType<typeof openDatabase>>,
) {
  const { units, ...rest } = database ?? (await sharedDatabase())
  const viewer = await storedUser(rest, 'ada')
  const em = units.as(viewer)
  const conversations = Object.entries(said).map(([title, messages]) => {
    const conversation = em.create(Conversation, { userId: viewer.id, title })
    for (const [at, it] of messages.entries()) {
      const { content, superseded, status = 'COMPLETE' } = typeof it === 'string' ? { content: it } : it
      em.create(Message, {
        userId: viewer.id,
        conversationId: conversation.id,
        sequence: at + 1,
        role: at % 2 === 0 ? 'USER' : 'ASSISTANT',
        status,
        content,
        ...(superseded && { supersededAt: new Date() }),
      })
    }
    return conversation
  })
  await em.flush()
  const search = (query: string, args: Omit<SearchArgs, 'query'> = {}) =>
    searchMessages(units.as(viewer), viewer, { query, ...args }, standardLimits)
  return {
    viewer,
    units,
    conversations,
    search,
    finds: async (query: string) => (await search(query)).found.map(({ snippet }) => marked(snippet)),
  }
}

const marked = (snippet: string) => snippet.replaceAll('\u{e000}', '[').replaceAll('\u{e001}', ']')

describe('what is found', () => {
  test('words in any form, all of them, in texts and in titles', async () => {
    const { finds } = await someoneWhoSaid({
      'Trip to Lisbon': ['Where do I stay?', 'Many hotels are near the river.'],
      Cooking: ['How do I bake sourdough bread?', 'Feed the starter. Then bake it.'],
    })
    expect(await finds('hotel river')).toEqual(['Many [hotels] are near the [river].'])
    expect(await finds('baking bread')).toEqual(['How do I [bake] sourdough [bread]?'])
    expect((await finds('baked')).length).toBe(2)
    expect(await finds('lisbon')).toEqual(['Trip to [Lisbon]'])
    expect(await finds('hotel bread')).toEqual([])
    expect(await finds('"feed the starter"')).toEqual(['[Feed] the [starter]. Then bake it.'])
    expect(await finds('bake -bread')).toEqual(['Feed the starter. Then [bake] it.'])
    expect((await finds('hotel or bread')).length).toBe(2)
  })

  test.each([
    ['kubernetes cluster', ['kubernets cluster', 'kuberentes cluster', 'kubernetes clustar', 'qubernetes cluster']],
    ['buy oat milk', ['oat mlik', 'oat milc', 'oat nilk', 'buy oats milk']],
    ['a picture of Zürich', ['picture zürch', 'pictrue zurich']],
  ])('%s, with a typing error', async (content, queries) => {
    const { finds } = await someoneWhoSaid({ One: [content, 'something else altogether'] })
    for (const query of queries) expect((await finds(query)).length, query).toBe(1)
    expect(await finds('wordless nothing')).toEqual([])
  })

  test('what was meant only when nothing is as written', async () => {
    const { finds } = await someoneWhoSaid({ One: ['a house by the sea', 'a horse in the field'] })
    expect(await finds('horse')).toEqual(['a [horse] in the field'])
    expect((await finds('horsse')).length).toBe(1)
  })

  test('signs and scripts without spaces, as they are written', async () => {
    const { finds } = await someoneWhoSaid({ One: ['what does a?.b mean', '我想去东京旅行', 'x => y'] })
    expect(await finds('东京')).toEqual(['我想去[东京]旅行'])
    expect(await finds('=>')).toEqual(['x [=>] y'])
    expect(await finds('%')).toEqual([])
  })

  test('never what was superseded, is still being written, or is gone', async () => {
    const { finds, units, viewer, conversations } = await someoneWhoSaid({
      One: [
        { content: 'about giraffes', superseded: true },
        { content: 'giraffes so far', status: 'STREAMING' },
        'zebras',
      ],
      Two: ['a giraffe'],
    })
    expect(await finds('giraffe')).toEqual(['a [giraffe]'])
    await units.as(viewer).nativeDelete(Conversation, { id: conversations[1]?.id })
    expect(await finds('giraffe')).toEqual([])
    expect(await finds('zebra')).toEqual(['[zebras]'])
  })

  test('what was changed, as it is now', async () => {
    const { finds, units, viewer, conversations } = await someoneWhoSaid({
      Elephants: [{ content: '', status: 'STREAMING' }],
    })
    const em = units.as(viewer)
    await em.nativeUpdate(
      Message,
      { conversationId: conversations[0]?.id },
      { content: 'penguins', status: 'COMPLETE' },
    )
    await em.nativeUpdate(Conversation, { id: conversations[0]?.id }, { title: 'Walruses' })
    expect(await finds('penguin')).toEqual(['[penguins]'])
    expect(await finds('pengiun')).toEqual(['[penguins]'])
    expect(await finds('walrus')).toEqual(['[Walruses]'])
    expect(await finds('elephant')).toEqual([])
  })

  test('only by its owner', async () => {
    await someoneWhoSaid({ 'Secret otters': ['the otter is in the attic'] })
    const { finds } = await someoneWhoSaid({ One: ['nothing here'] })
    for (const query of ['otter', 'ottar', 'otter attic', 'attic.']) expect(await finds(query), query).toEqual([])
  })
})

describe('only in some conversations', () => {
  test('archived or not, and by when something happened there, on every page and in the count', async () => {
    const old = Array.from({ length: 6 }, (_, at) => `the quince number ${at}`)
    const { search, units, viewer, conversations } = await someoneWhoSaid({
      Old: old,
      New: ['a quince pie', 'x =>> y'],
      'Quince jam': ['stir'],
    })
    const set = (at: number, to: object) =>
      units.as(viewer).nativeUpdate(Conversation, { id: conversations[at]?.id }, to)
    await set(0, { archivedAt: new Date(), updatedAt: new Date('2026-03-01T10:00:00Z') })
    await set(1, { updatedAt: new Date('2026-03-02T10:00:00Z') })
    await set(2, { updatedAt: new Date('2026-03-03T10:00:00Z') })
    const among = async (args: Omit<SearchArgs, 'query'>, query = 'quince') => {
      const seen: string[] = []
      for (let after: string | undefined; ; ) {
        const { found, hasNextPage, countAll } = await search(query, { first: 2, after, ...args })
        after = found.at(-1)?.cursor
        seen.push(...found.map(({ message }) => message.content))
        if (hasNextPage) continue
        expect(await countAll()).toBe(seen.length)
        return seen.sort()
      }
    }
    const day = (text: string) => new Date(`2026-03-${text}T00:00:00Z`)
    expect(await among({ archived: true })).toEqual(old)
    expect(await among({ archived: false })).toEqual(['a quince pie', 'stir'])
    expect(await among({ archived: null, updatedAfter: null })).toEqual(['a quince pie', 'stir', ...old])
    expect(await among({ updatedAfter: day('02') })).toEqual(['a quince pie', 'stir'])
    expect(await among({ updatedAfter: day('02'), updatedBefore: day('03') })).toEqual(['a quince pie'])
    expect(await among({ archived: true, updatedAfter: day('02') })).toEqual([])
    expect(await among({ archived: false }, 'quinze')).toEqual(['a quince pie', 'stir'])
    expect(await among({ archived: false }, '=>>')).toEqual(['x =>> y'])
    expect(await among({ archived: true }, '=>>')).toEqual([])
  })

  test('what was written elsewhere is not taken for a typing error', async () => {
    const { search } = await someoneWhoSaid({ One: ['a house by the sea', 'a horse in the field'] })
    expect((await search('horse', { archived: true })).found).toEqual([])
    const { finds, units, viewer, conversations } = await someoneWhoSaid({ One: ['a house'], Two: ['a horse'] })
    await units.as(viewer).nativeUpdate(Conversation, { id: conversations[1]?.id }, { archivedAt: new Date() })
    expect(await finds('horse')).toEqual(['a [horse]'])
    expect(
      (await searchMessages(units.as(viewer), viewer, { query: 'horse', archived: false }, standardLimits)).found,
    ).toEqual([])
  })
})

describe('words that nobody wrote any more', () => {
  const words = async (units: Awaited<ReturnType<typeof openDatabase>>['units'], viewer: { id: string }) =>
    (await units.as(viewer).execute<{ word: string }[]>('select word from search_word order by word')).map(
      ({ word }) => word,
    )

  test('are forgotten, those that others still say are not', async () => {
    const { units, viewer, conversations } = await someoneWhoSaid({ Alpha: ['tiger lion'], Beta: ['lion puma'] })
    expect(await words(units, viewer)).toEqual(['alpha', 'beta', 'lion', 'puma', 'tiger'])
    await units.as(viewer).nativeDelete(Conversation, { id: conversations[0]?.id })
    expect(await words(units, viewer)).toEqual(['beta', 'lion', 'puma'])
    await units.as(viewer).nativeUpdate(Message, { conversationId: conversations[1]?.id }, { content: "lion's dingo" })
    expect(await words(units, viewer)).toEqual(['beta', 'dingo', 'lion'])
  })
})

describe('pages', () => {
  test('are walked to the end, the best match first, each message once', async () => {
    const { search } = await someoneWhoSaid({
      Many: Array.from({ length: 23 }, (_, at) => `walnut ${'and filler words here '.repeat(at)}`),
      'Walnut cake': ['first', 'second'],
    })
    const seen: string[] = []
    let after: string | undefined
    for (let pages = 0; pages < 10; pages++) {
      const { found, hasNextPage, countAll } = await search('walnut', { first: 5, after })
      expect(await countAll()).toBe(24)
      seen.push(...found.map(({ message }) => message.id))
      after = found.at(-1)?.cursor
      if (!hasNextPage) break
    }
    expect(seen.length).toBe(24)
    expect(new Set(seen).size).toBe(24)
    const [best] = (await search('walnut', { first: 1 })).found
    expect(marked(best?.snippet ?? '')).toBe('[Walnut] cake')
    expect(best?.message.content).toBe('first')
    expect((await search('walnut', { first: 0 })).found).toEqual([])
  })

  test('refuse what cannot be', async () => {
    const { search } = await someoneWhoSaid({ One: ['walnut', 'pecan walnut'] })
    const [{ cursor } = { cursor: '' }] = (await search('walnut', { first: 1 })).found
    const wrong: [string, Omit<SearchArgs, 'query'>, string][] = [
      ['', {}, 'query'],
      ['  ', {}, 'query'],
      ['x'.repeat(201), {}, 'query'],
      ['a\0b', {}, 'query'],
      ['a\ud800b', {}, 'query'],
      ['pecan', { after: cursor }, 'after'],
      ['walnut', { after: 'nonsense' }, 'after'],
      ['walnut', { first: 101 }, 'first'],
      ['walnut', { first: -1 }, 'first'],
    ]
    for (const [query, args, field] of wrong)
      await expect(search(query, args), query).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        details: { field: [field] },
      })
    expect((await search('walnut', { first: 1, after: cursor })).found.length).toBe(1)
  })

  test('count to 1,000 and not beyond', async () => {
    const { search, units, viewer, conversations } = await someoneWhoSaid({ One: [] })
    await units.as(viewer).execute(
      `insert into message (id, user_id, conversation_id, sequence, role, content, status, created_at)
       select gen_random_uuid(), ?, ?, n, 'USER', 'pistachio number ' || n, 'COMPLETE', now() from generate_series(1, 1001) n`,
      [viewer.id, conversations[0]?.id ?? ''],
    )
    expect(await (await search('pistachio')).countAll()).toBeNull()
    expect(await (await search('pistachio 77')).countAll()).toBe(1)
    expect((await search('pistacio 77')).found.length).toBe(1)
  })
})

test('a snippet is as it was written, tags and brackets too', async () => {
  const { finds } = await someoneWhoSaid({ One: ['<b>bold</b> & <i>apricot</i> &amp; "quotes"\n\tand a tab'] })
  expect(await finds('apricot')).toEqual(['<b>bold</b> & <i>[apricot]</i> &amp; "quotes"\n\tand a tab'])
})

test('hard texts are stored and found', async () => {
  const hostile = Array.from({ length: 26_000 }, (_, n) => `a${n.toString(36)}.co/b${n}`)
    .join(' ')
    .slice(0, 262_144)
  const { finds } = await someoneWhoSaid({
    One: [hostile, `${'w'.repeat(70_000)} hazelnut`, "it's a \\ backslash'd cashew", 'e\u0301'.repeat(20_000)],
  })
  expect((await finds('hazelnut')).length).toBe(1)
  expect((await finds("it's cashew")).length).toBe(1)
  expect((await finds("it's cashw \\ '")).length).toBe(1)
})

test('another language stems its own words', async () => {
  const database = await openDatabase()
  const { finds } = await someoneWhoSaid({ Reise: ['Die Häuser am Fluss', 'Ein Hotel'] }, database)
  expect(await finds('Haus')).toEqual([])
  await useSearchLanguage(database.orm.em.fork(), 'german')
  expect(await finds('Haus')).toEqual(['Die [Häuser] am Fluss'])
  expect(await finds('Hauz')).toEqual(['Die [Häuser] am Fluss'])
  await useSearchLanguage(database.orm.em.fork(), 'german')
  await expect(useSearchLanguage(database.orm.em.fork(), 'klingon')).rejects.toThrow(
    /does not know klingon, but .*german/,
  )
})

test('a program searches over GraphQL', async () => {
  const provider = await startProvider()
  const app = await startApp({ provider })
  const ada = await app.user('ada')
  provider.plays(says('Lisbon has many hotels.'))
  const { conversation } = await ada.hears('Where do I sleep?')
  const read = await ada.query<{ searchMessages: unknown }>(readFileSync('schema/operations/search.graphql', 'utf8'), {
    query: 'hotle',
  })
  expect(read.searchMessages).toMatchObject({
    edges: [
      {
        snippet: 'Lisbon has many \u{e000}hotels\u{e001}.',
        node: { role: 'ASSISTANT', conversation: { id: conversation.id } },
      },
    ],
    pageInfo: { hasNextPage: false, endCursor: expect.any(String) },
    totalCount: 1,
  })
  const putAway = (archived: boolean) =>
    ada.query(
      `{ searchMessages(query: "hotel", archived: ${archived}, updatedAfter: "2026-01-01T00:00:00Z") { totalCount } }`,
    )
  expect([await putAway(true), await putAway(false)]).toEqual([
    ...[{ searchMessages: { totalCount: 0 } }, { searchMessages: { totalCount: 1 } }],
  ])
})

test.each([
  ['milk', 'milk', 0],
  ['milk', 'mlik', 1],
  ['milk', 'milks', 1],
  ['milk', 'mik', 1],
  ['milk', 'silk', 1],
  ['milk', 'soup', 4],
  ['', 'ab', 2],
])('from %s to %s it is %i', (a, b, expected) => {
  expect(distance(a, b)).toBe(expected)
  expect(distance(b, a)).toBe(expected)
})
