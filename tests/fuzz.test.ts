import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readKey } from '../api/auth/key-text.ts'
import { internalId, parsePublicId, publicId } from '../api/ids.ts'
import { startApp, type TestApp } from './support/app.ts'
import { rowsOfChatkit } from './support/every-chatkit-request.ts'
import { servedSchema } from './support/every-field.ts'
import { apiKey, bearer, keyOf } from './support/key.ts'
import { mcpSession } from './support/mcp.ts'
import { says, startProvider } from './support/scripted-provider.ts'
import type { User } from './support/user.ts'

/** Ten thousand inputs in all, the same ones each time: most where no request is needed, some hundreds at each door. */
const seed = 20_261_125
const quick = 1_500
const many = 400

let app: TestApp
let ada: User
let key: string
const logged: string[] = []

beforeAll(async () => {
  const provider = await startProvider()
  provider.always(says('yes'))
  app = await startApp({ provider, limits: { runs: 1_000, runsPerUser: 1_000 } })
  ada = await app.user('ada')
  key = (await keyOf(ada, ['conversations:read', 'tasks:read'])).key
  vi.spyOn(console, 'error').mockImplementation((...words) => void logged.push(words.map(String).join(' ')))
})

afterAll(() => {
  vi.restoreAllMocks()
})

async function post(path: string, body: string, headers: Record<string, string>) {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body }
  const response = await fetch(`${app.url}${path}`, init)
  return { status: response.status, text: await response.text() }
}

/** Never a fault of ours, never a crash, and no words from inside. */
function isSound({ status, text }: { status: number; text: string }): void {
  expect(status, text).toBeLessThan(500)
  expect(text).not.toMatch(/INTERNAL_SERVER_ERROR|select .* from|violates|node_modules|at \w+ \(/)
  expect(logged.splice(0).join('\n').slice(0, 2_000)).toBe('')
}

/** Text as nobody types it, with what breaks programs now and then. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ maxLength: 60 }),
  fc.constantFrom(
    '',
    '\0',
    '\ud800',
    '__proto__',
    'constructor',
    '\u202e',
    '"',
    '\\',
    "' or 1=1 --",
    '%00',
    '../..',
    '\r\n',
  ),
)

const id = fc.oneof(
  text,
  fc.uuid().map((uuid) => publicId('conv', uuid)),
  fc
    .tuple(
      fc.constantFrom('conv', 'msg', 'run', 'call', 'task', 'user', 'key', 'att'),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdefghjkmnpqrstvwxyz'), minLength: 20, maxLength: 30 }),
    )
    .map((it) => it.join('_')),
)

const cursor = fc.oneof(
  text,
  fc.json({ maxDepth: 2 }).map((json) => Buffer.from(json).toString('base64url')),
  fc
    .tuple(
      fc.constantFrom('conversations', 'tasks', 'messages', 'runs'),
      fc.array(fc.oneof(fc.integer(), fc.uuid(), fc.boolean(), fc.double(), fc.record({ t: fc.double() })), {
        maxLength: 4,
      }),
    )
    .map(([name, keys]) => Buffer.from(JSON.stringify([name, ...keys])).toString('base64url')),
)

let inputs = 0

/** Several at once: what is looked for is what they do, not how fast. `each` says how many inputs there are in one. */
async function property<T>(
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => Promise<void> | void,
  { count = many, each = 1 } = {},
) {
  const atOnce = count === quick ? 50 : 10
  const several = fc.array(arbitrary, { minLength: atOnce, maxLength: atOnce, size: 'max' })
  await fc.assert(
    fc.asyncProperty(several, async (values) => {
      inputs += values.length * each
      await Promise.all(values.map((value) => check(value)))
    }),
    { numRuns: count / atOnce, seed },
  )
}

const fields = Object.keys(servedSchema.getQueryType()?.getFields() ?? {})
const types = Object.values(servedSchema.getTypeMap()).flatMap((it) =>
  'getFields' in it ? Object.keys(it.getFields()) : [],
)
const name = fc.oneof(fc.constantFrom(...fields, ...types, '__typename', '__schema', 'edges', 'node'), text)

/** Documents that are nearly right, at every depth. */
const { selection } = fc.letrec<{ selection: string; part: string }>((tie) => ({
  selection: fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((parts) => `{ ${parts.join(' ')} }`),
  part: fc.oneof(
    { depthSize: 'small' },
    name,
    fc.tuple(name, tie('selection')).map((it) => it.join(' ')),
    fc
      .tuple(name, id, tie('selection'))
      .map(([field, value, inner]) => `${field}(id: ${JSON.stringify(value)}) ${inner}`),
    fc
      .tuple(name, fc.integer(), cursor, tie('selection'))
      .map(([field, first, after, inner]) => `${field}(first: ${first}, after: ${JSON.stringify(after)}) ${inner}`),
    fc
      .tuple(fc.constantFrom('Conversation', 'Message', 'Task', 'Nothing'), tie('selection'))
      .map((it) => `... on ${it.join(' ')}`),
  ),
}))

describe('whatever comes, nothing breaks', () => {
  test('ids', () =>
    property(
      id,
      (value) => {
        const parsed = parsePublicId(value)
        if (parsed) expect(publicId(parsed.kind, parsed.uuid)).toBe(value)
        expect(internalId('conv', value) === null || value.startsWith('conv_')).toBe(true)
      },
      { count: quick },
    ))

  test('keys', () =>
    property(
      fc.oneof(
        text,
        text.map((it) => `parley_${it}`),
        fc.string({ minLength: 65, maxLength: 65 }).map((it) => `parley_${it}`),
      ),
      (value) => {
        const read = readKey(value)
        if (read) expect(read.userId).toMatch(/^[0-9a-f-]{36}$/)
      },
      { count: quick },
    ))

  test(
    'documents',
    () =>
      property(
        fc.tuple(fc.constantFrom('query', 'mutation', 'subscription', ''), selection),
        async ([operation, inner]) => {
          isSound(await post('/graphql', JSON.stringify({ query: `${operation} ${inner}` }), ada.headers))
        },
      ),
    120_000,
  )

  test(
    'bodies for GraphQL',
    () =>
      property(
        fc.oneof(
          text,
          fc.json(),
          fc
            .record(
              {
                query: fc.oneof(text, fc.jsonValue()),
                variables: fc.jsonValue(),
                operationName: fc.jsonValue(),
                extensions: fc.jsonValue(),
              },
              { requiredKeys: [] },
            )
            .map((it) => JSON.stringify(it)),
        ),
        async (body) => {
          isSound(await post('/graphql', body, ada.headers))
        },
      ),
    120_000,
  )

  test('ids and cursors in every place', () => {
    const query = `query ($id: ID!, $ids: [ID!]!, $after: String, $text: String!) {
      node(id: $id) { id } nodes(ids: $ids) { id } conversation(id: $id) { id messages(after: $after) { edges { cursor } } }
      conversations(after: $after, filter: { titleContains: $text }) { edges { cursor } } tasks(before: $after) { edges { cursor } }
      searchMessages(query: $text, after: $after) { edges { cursor } } }`
    return property(
      fc.record({ id, ids: fc.array(id, { maxLength: 3 }), after: cursor, text }),
      async (variables) => {
        isSound(await post('/graphql', JSON.stringify({ query, variables }), apiKey(key)))
      },
      { each: 6 },
    )
  }, 120_000)

  test('inputs of mutations', () => {
    const query = `mutation ($id: ID!, $text: String!, $key: String, $json: JSON) {
      a: createTask(input: { title: $text, notes: $text, idempotencyKey: $key }) { task { title } }
      b: createConversation(input: { title: $text, idempotencyKey: $key }) { conversation { title } }
      c: sendMessage(input: { conversationId: $id, content: $text, idempotencyKey: $key, model: $text }) { run { id } }
      d: decideToolCall(input: { toolCallId: $id, decision: APPROVE, arguments: $json, reason: $text }) { toolCall { id } }
      e: createApiKey(input: { name: $text, scopes: [$text], expiresInDays: 1 }) { key } }`
    return property(
      fc.record({ id, text, key: fc.option(text), json: fc.jsonValue() }),
      async (variables) => {
        isSound(await post('/graphql', JSON.stringify({ query, variables }), ada.headers))
      },
      { each: 5 },
    )
  }, 120_000)

  test('credentials: none is let in', () => {
    const part = fc.oneof(
      text.map((it) => Buffer.from(it).toString('base64url')),
      fc.json().map((it) => Buffer.from(it).toString('base64url')),
      fc.constant(''),
    )
    const header = fc
      .record({ alg: fc.constantFrom('none', 'HS256', 'EdDSA', 'RS256'), kid: text })
      .map((it) => Buffer.from(JSON.stringify(it)).toString('base64url'))
    const token = fc.oneof(
      fc.array(part, { minLength: 1, maxLength: 5 }).map((it) => it.join('.')),
      fc.tuple(header, part, part).map((it) => it.join('.')),
      fc.base64String().map((it) => `parley_${it}`),
    )
    const bad = /[^\x20-\x7e]/g
    return property(
      token,
      async (it) => {
        const value = it.replaceAll(bad, '')
        for (const headers of [bearer(value), apiKey(value), { authorization: value || 'x' }]) {
          const answer = await post('/graphql', '{"query":"{ viewer { id } }"}', headers)
          isSound(answer)
          expect(answer.status).toBe(401)
        }
      },
      { each: 3 },
    )
  }, 120_000)

  test('bodies for ChatKit', () => {
    const known = fc.constantFrom(...rowsOfChatkit().map(({ type }) => type))
    const params = fc.record(
      {
        thread_id: fc.oneof(id, fc.jsonValue()),
        item_id: fc.oneof(id, fc.jsonValue()),
        item_ids: fc.oneof(fc.array(id), fc.jsonValue()),
        input: fc.jsonValue(),
        action: fc.oneof(fc.record({ type: text, payload: fc.jsonValue() }), fc.jsonValue()),
        after: fc.oneof(cursor, id),
        limit: fc.oneof(fc.integer(), fc.double(), text),
        order: fc.oneof(fc.constantFrom('asc', 'desc'), text),
        title: text,
        result: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    const body = fc.oneof(
      fc
        .record({ type: fc.oneof(known, text), params: fc.oneof(params, fc.jsonValue()) })
        .map((it) => JSON.stringify(it)),
      fc.json(),
      text,
    )
    return property(body, async (it) => isSound(await post('/chatkit', it, ada.headers)))
  }, 120_000)

  test('arguments of tools', async () => {
    const mcp = await mcpSession(app.url, bearer(await ada.token()))
    const tools = (await mcp.tools()).map(({ name }) => name)
    const members = fc.record(
      {
        task_id: fc.oneof(id, fc.jsonValue()),
        conversation_id: fc.oneof(id, fc.jsonValue()),
        title: fc.oneof(text, fc.jsonValue()),
        notes: fc.oneof(text, fc.jsonValue()),
        due_on: fc.oneof(text, fc.constantFrom('2026-02-30', '0000-00-00', '+275760-09-13', '9999-12-31')),
        words: text,
        query: text,
        limit: fc.oneof(fc.integer(), fc.double(), text),
        after: fc.oneof(fc.integer(), fc.double(), text),
        completed: fc.jsonValue(),
        status: text,
      },
      { requiredKeys: [] },
    )
    const call = fc.tuple(
      fc.oneof(fc.constantFrom(...tools), text),
      fc.oneof(members, fc.dictionary(text, fc.jsonValue())),
    )
    await property(call, async ([name, args]) => {
      const result = JSON.stringify(await mcp.call(name, args as object))
      isSound({ status: 200, text: result })
      expect(result).not.toContain('-32603')
    })
  }, 120_000)

  test('routes of accounts', () => {
    const path = fc.oneof(
      fc.constantFrom(
        'sign-in/email',
        'sign-up/email',
        'get-session',
        'revoke-session',
        'update-user',
        'change-email',
        '/sign-in/email',
        'sign-in%2femail',
      ),
      text.map((it) => encodeURIComponent(it.toWellFormed())),
    )
    const body = fc.oneof(
      fc.json(),
      fc
        .record(
          {
            email: fc.oneof(text, fc.jsonValue()),
            password: fc.oneof(text, fc.jsonValue()),
            name: fc.oneof(text, fc.jsonValue()),
            token: text,
          },
          { requiredKeys: [] },
        )
        .map((it) => JSON.stringify(it)),
    )
    return property(
      fc.tuple(path, body),
      async ([at, it]) => {
        isSound(await post(`/api/auth/${at}`, it, { origin: app.url }))
      },
      { count: 100 },
    )
  }, 120_000)

  test('and everything works still', async () => {
    expect(inputs).toBeGreaterThanOrEqual(10_000)
    expect(await ada.query('{ viewer { email } }')).toEqual({ viewer: { email: ada.email } })
    expect((await ada.hears('still there?')).text).toContain('yes')
  })
})
