import { globSync, readFileSync } from 'node:fs'
import { getIntrospectionQuery, Kind, parse } from 'graphql'
import { describe, expect, test, vi } from 'vitest'
import { Rates } from '../api/auth/rates.ts'
import { checkedCost } from '../api/graphql/complexity.ts'
import { schema } from '../api/graphql/schema.ts'
import { standardLimits } from '../api/limits.ts'
import { door, post, url, viewer } from './support/graphql-door.ts'

type Told = {
  code: string
  errorId: string
  limitName?: string
  limit?: number
  actual?: number
  retryAfterMs?: number
}
type Body = {
  data?: Record<string, unknown> | null
  errors?: { message: string; extensions: Told }[]
  extensions?: { cost: { cost: number; limit: number; remaining: number; resetAt: string } }
}

const serve = door()

async function asked(query: string, variables?: object, on = serve) {
  const response = await on(post({ query, variables }))
  const body: Body = await response.json()
  return { status: response.status, headers: response.headers, ...body, told: body.errors?.[0]?.extensions }
}

const times = (count: number, text: string | ((n: number) => string)) =>
  Array.from({ length: count }, (_, n) => (typeof text === 'string' ? text : text(n))).join(' ')
const nested = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)

/** Each with its size as the parameter: the largest that is let in, and one more. */
const limits: [string, number, (size: number) => [query: string, variables?: object]][] = [
  ['queryTokens', 2_000, (size) => [`{ viewer { ${times(size - 5, 'id')} } }`]],
  [
    'queryDepth',
    10,
    (size) => {
      const pairs = Math.floor(size / 2) - 1
      const inner = size % 2 === 0 ? 'id' : 'activeRun { id }'
      return [
        `{ conversation(id: "x") { ${'activeRun { conversation { '.repeat(pairs)}${inner} ${'} } '.repeat(pairs)}} }`,
      ]
    },
  ],
  [
    'introspectionDepth',
    15,
    (size) => [`{ __type(name: "Run") { ${'ofType { '.repeat(size - 2)} name ${'} '.repeat(size - 2)} } }`],
  ],
  ['queryAliases', 20, (size) => [`{ viewer { ${times(size, (n) => `a${n}: id`)} } }`]],
  ['queryRootFields', 20, (size) => [`{ ${times(size, '__typename')} }`]],
  ['queryDirectives', 20, (size) => [`{ viewer { ${times(size, 'id @include(if: true)')} } }`]],
  ['variablesDepth', 16, (size) => ['{ __typename }', nested(size)]],
  [
    'queryCost',
    1_000,
    (size) => [
      `query ($n: Int) { conversations(first: 10) { edges { node { messages(first: $n) { edges { node { id } } } } } } ${times(size - 1_000, 'viewer { id }')} }`,
      { n: 99 },
    ],
  ],
]

describe('a request at the limit is let in, one that is bigger by one is not', () => {
  test.each(limits)('%s %d', async (limitName, limit, request) => {
    const [query, variables] = request(limit)
    const good = await asked(query, variables)
    expect(good.told?.code, good.errors?.[0]?.message).not.toBe('QUERY_TOO_COMPLEX')
    const refused = await asked(...request(limit + 1))
    expect(refused).toMatchObject({
      status: 400,
      told: { code: 'QUERY_TOO_COMPLEX', limitName, limit, actual: limit + 1, errorId: expect.any(String) },
    })
    expect(refused.data).toBeUndefined()
  })

  test.each(limits)('%s can be set', async (limitName, _, request) => {
    const small = door({ limits: { ...standardLimits, [limitName]: 1_000_000 } })
    const [query, variables] = request(standardLimits[limitName as 'queryCost'] + 1)
    const refused = await asked(query, variables, small)
    expect(refused.told?.limitName).not.toBe(limitName)
  })
})

const page = 'edges { node { id } }'
const hundreds = `conversations(first: 100) { edges { node { messages(first: 100) { ${page} } } } }`

describe('cost', () => {
  test.each<[string, number, object?]>([
    ['{ __typename }', 0],
    ['{ viewer { id name } }', 1],
    [`{ conversations { ${page} } }`, 20],
    [`{ conversations(first: 7) { ${page} pageInfo { hasNextPage } totalCount } }`, 7],
    [`{ conversations(last: 7) { ${page} } }`, 7],
    [`{ conversations(first: 0) { ${page} } }`, 0],
    [`query ($n: Int) { conversations(first: $n) { ${page} } }`, 30, { n: 30 }],
    [`{ conversations(first: 10) { edges { node { activeRun { id } messages(first: 5) { ${page} } } } } }`, 70],
    ['{ nodes(ids: ["a", "b", "c"]) { id } }', 3],
    [`query ($n: Int = 100) { conversations(first: $n) { ${page} } }`, 100],
    [`query ($n: Int = 100) { conversations(first: $n) { ${page} } }`, 7, { n: 7 }],
    [`query ($n: Int = 100) { conversations(first: $n) { ${page} } }`, 20, { n: null }],
    [`query ($n: Int = 1) { ...F } fragment F on Query { conversations(first: $n) { ${page} } }`, 1],
    [
      `query A($n: Int = 1) { ...F } query B($n: Int = 50) { ...F } query C($n: Int) { ...F } fragment F on Query { conversations(first: $n) { ${page} } }`,
      50,
    ],
    ['query ($ids: [ID!]! = ["a", "b", "c"]) { nodes(ids: $ids) { id } }', 3],
    ['query ($ids: [ID!]! = ["a", "b", "c"]) { nodes(ids: $ids) { id } }', 1, { ids: ['a'] }],
    ['query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Run { messages { id } } } }', 4, { ids: ['a', 'b'] }],
    [`{ ...F } fragment F on Query { a: viewer { id } b: viewer { ...G } } fragment G on User { id }`, 2],
    ['{ __schema { types { name fields { name } } } }', 0],
    ['{ rateLimit { cost } }', 1],
    ['mutation { deleteTask(input: { taskId: "x" }) { deletedId } }', 1],
    ['subscription { conversationEvents(conversationId: "x") { cursor } }', 1],
    [`{ conversations(first: 2147483647) { ${page} } }`, 100],
    [`{ conversations(first: -1) { ${page} } }`, 100],
    ['{ nothing { of { the } schema } }', 0],
    ['{ ...A } fragment A on Query { ...B viewer { id } } fragment B on Query { ...A viewer { id } }', 2],
  ])('of %s is %d', (query, cost, variables = {}) => {
    expect(checkedCost(schema, parse(query), variables as Record<string, unknown>, standardLimits)).toBe(cost)
  })

  test('can be asked for, and is told with every answer', async () => {
    const rates = new Rates(standardLimits)
    const on = door({ rates })
    const first = await asked('{ viewer { id } rateLimit { cost limit remaining resetAt } }', {}, on)
    const { rateLimit } = first.data as { rateLimit: { cost: number; remaining: number; resetAt: string } }
    expect(rateLimit).toMatchObject({ cost: 2, limit: 20_000, remaining: 19_998 })
    expect(first.extensions?.cost).toEqual(rateLimit)
    expect(first.headers.get('ratelimit-policy')).toBe('"cost";q=20000;w=60')
    expect(first.headers.get('ratelimit')).toMatch(/^"cost";r=19998;t=([1-5]?\d|60)$/)
    expect((await asked('{ __typename }', {}, on)).extensions?.cost).toMatchObject({ cost: 0 })
  })

  test('of a minute has an end: then nothing is looked up any more', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
    const small = { ...standardLimits, costPerMinute: 3 }
    const on = door({ limits: small, rates: new Rates(small) })
    for (let n = 0; n < 3; n++) expect((await asked('{ viewer { id } }', {}, on)).status).toBe(200)
    const refused = await asked('{ viewer { id } }', {}, on)
    expect(refused).toMatchObject({
      status: 429,
      told: { code: 'RATE_LIMITED', limitName: 'costPerMinute', limit: 3, actual: 4 },
    })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.data).toBeUndefined()
    expect((await asked('{ __typename }', {}, on)).status).toBe(200)
    vi.setSystemTime(1_800_000_060_000)
    expect((await asked('{ viewer { id } }', {}, on)).status).toBe(200)
    vi.useRealTimers()
  })

  test('of the documents to copy, and of the pages, is well below the limit', () => {
    const found: string[] = []
    for (const file of globSync(['schema/operations/*.graphql']))
      for (const definition of parse(readFileSync(file, 'utf8')).definitions) {
        if (definition.kind !== Kind.OPERATION_DEFINITION) continue
        const document = { kind: Kind.DOCUMENT, definitions: [definition] } as const
        expect(checkedCost(schema, document, { first: 50, last: 50 }, standardLimits)).toBeLessThanOrEqual(600)
        found.push(file)
      }
    expect(found.length).toBeGreaterThan(10)
  })

  test('of a look at the whole schema is none', async () => {
    expect(await asked(getIntrospectionQuery())).toMatchObject({ status: 200, extensions: { cost: { cost: 0 } } })
  })
})

describe('whatever way it comes', () => {
  const big = `{ ${hundreds} }`

  test('by GET', async () => {
    const request = new Request(`${url}?query=${encodeURIComponent(big)}`, {
      headers: { authorization: 'Bearer good' },
    })
    const body: Body = await (await serve(request)).json()
    expect(body.errors?.[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COMPLEX', limitName: 'queryCost' })
  })

  test('as a subscription', async () => {
    const events = `viewerEvents { ... on ConversationChanged { conversation { messages(first: 100) { edges { node { conversation { messages(first: 100) { ${page} } } } } } } } }`
    const response = await serve(post({ query: `subscription { ${events} }` }, { accept: 'text/event-stream' }))
    expect(await response.text()).toContain('"QUERY_TOO_COMPLEX"')
  })

  test('as one of several operations, which need not be the one that is asked for', async () => {
    const response = await serve(post({ query: `query A { __typename } query B ${big}`, operationName: 'A' }))
    const body: Body = await response.json()
    expect(body.errors?.[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COMPLEX' })
  })

  test('again, when it is known already', async () => {
    for (let n = 0; n < 3; n++) expect((await asked(big)).told?.code).toBe('QUERY_TOO_COMPLEX')
    const sized =
      'query ($n: Int) { conversations(first: 100) { edges { node { messages(first: $n) { edges { node { id } } } } } } }'
    expect((await asked(sized, { n: 10 })).told?.code).toBe('QUERY_TOO_COMPLEX')
    expect((await asked(sized, { n: 9 })).told?.code).not.toBe('QUERY_TOO_COMPLEX')
  })
})

test('a request that takes too long is answered without its data', async () => {
  const userOf = () => new Promise<never>(() => {})
  const on = door({ userOf, limits: { ...standardLimits, querySeconds: 1 } })
  const late = await asked('{ viewer { id } }', {}, on)
  expect(late).toMatchObject({ status: 503, told: { code: 'OVERLOADED', limitName: 'querySeconds', limit: 1 } })
})

describe('a bomb', () => {
  const chain = (count: number, part: (n: number) => string, last: string) =>
    `${times(count, (n) => `fragment F${n} on User { ${part(n)} }`)} fragment F${count} on User { ${last} } fragment F${count + 1} on User { id }`

  const bombs: [string, () => unknown][] = [
    ['of aliases', () => ({ query: `{ ${times(2_000, (n) => `a${n}: conversations(first: 100) { ${page} }`)} }` })],
    [
      'of mutations',
      () => ({
        query: `mutation { ${times(500, (n) => `m${n}: sendMessage(input: { content: "x" }) { message { id } }`)} }`,
      }),
    ],
    ['of directives', () => ({ query: `query { __typename ${times(5_000, '@include(if: true)')} }` })],
    ['of comments', () => ({ query: `query { a: __typename ${'#c\n'.repeat(200_000)} }` })],
    ['of depth', () => ({ query: `${'{ viewer '.repeat(5_000)}{ id }${'}'.repeat(5_000)}` })],
    [
      'of fragments that double',
      () => ({ query: `{ viewer { ...F0 } } ${chain(120, (n) => `...F${n + 1} ...F${n + 2}`, 'id')}` }),
    ],
    [
      'of fragments in a circle',
      () => ({ query: '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }' }),
    ],
    ['of pages in pages', () => ({ query: `{ ${hundreds} }` })],
    [
      'of ids',
      () => ({
        query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
        variables: { ids: Array.from({ length: 50_000 }, () => 'x') },
      }),
    ],
    [
      'of brackets in its variables',
      () => `{"query":"{ __typename }","variables":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
    ],
    [
      'of pages in pages, as a variable is when nothing is given',
      () => ({
        query:
          'query ($n: Int = 100) { conversations(first: $n) { edges { node { messages(first: $n) { edges { node { id } } } } } } }',
      }),
    ],
    ['of quotes', () => ({ query: `{ a: __typename ${'"""\\"""'.repeat(40_000)} }` })],
  ]

  test.each(bombs)('%s is refused in a moment', async (_, body) => {
    const request = () => post(body())
    let cpu = Number.POSITIVE_INFINITY
    for (let n = 0; n < 5; n++) {
      const bomb = request()
      const before = process.cpuUsage()
      const response = await serve(bomb)
      const { user, system } = process.cpuUsage(before)
      cpu = Math.min(cpu, (user + system) / 1_000)
      expect(response.status).toBe(400)
      const text = await response.text()
      expect(text).toMatch(/"QUERY_TOO_COMPLEX"|"GRAPHQL_(PARSE|VALIDATION)_FAILED"/)
      expect(text.length).toBeLessThan(20_000)
    }
    expect(cpu).toBeLessThan(20)
  })
})

test('one user’s budget is not another’s', async () => {
  const rates = new Rates({ ...standardLimits, costPerMinute: 1 })
  await rates.take(viewer, 'costPerMinute')
  await expect(rates.take(viewer, 'costPerMinute')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  await rates.take({ ...viewer, id: '01930000-0000-7000-8000-000000000002' }, 'costPerMinute')
})
