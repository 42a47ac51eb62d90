import { randomBytes } from 'node:crypto'
import { v7 } from 'uuid'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Units } from '../api/auth/units.ts'
import { ownerCondition } from '../api/auth/viewer.ts'
import type { Database } from '../api/database/database.ts'
import { type IdKind, parsePublicId, publicId } from '../api/ids.ts'
import { startApp, type TestApp } from './support/app.ts'
import { cleanUpAfterFile } from './support/cleaning.ts'
import { expectNoSecrets } from './support/credentials.ts'
import { sharedDatabase } from './support/databases.ts'
import { until } from './support/events.ts'
import { rowsOfChatkit } from './support/every-chatkit-request.ts'
import { type Ids, nodeTypes, type Row, rowsOfSchema } from './support/every-field.ts'
import { type PageRow, rowsOfPages } from './support/every-page.ts'
import { apiKey, bearer, keyOf } from './support/key.ts'
import { mcpSession, postMcp } from './support/mcp.ts'
import { calls, says, startProvider } from './support/scripted-provider.ts'
import type { User } from './support/user.ts'

/** In everything that is A's, and in nothing that B may be told. */
const mark = 'MARK0f4'

const kinds: Record<string, IdKind> = {
  Conversation: 'conv',
  Message: 'msg',
  Run: 'run',
  ToolCall: 'call',
  Task: 'task',
  User: 'user',
  ApiKey: 'key',
  Attachment: 'att',
}

type Headers = Record<string, string>

const provider = await startProvider()
cleanUpAfterFile(() => provider.close())

/** Someone with something of every kind, a question that waits for a decision among it. */
async function settled(app: TestApp) {
  const user = await app.user(mark)
  const made = await user.mutate<{ createTask: { task: { id: string } } }>(
    `mutation { createTask(input: { title: "${mark} task", notes: "${mark} question", idempotencyKey: "key-of-mark" }) { task { id } } }`,
  )
  const task = made.createTask.task.id
  provider.plays(calls({ name: 'list_tasks' }), says(`${mark} answer`))
  const first = await user.hears(`${mark} question`)
  provider.plays(says(`${mark} wants to`, { call: { name: 'delete_task', arguments: { task_id: task } } }))
  const asked = await user.asks(`${mark} delete it`)
  const events = await until(user.follows(asked.conversation), (event) => event.__typename === 'ToolCallChanged')
  const last = events.at(-1)
  const call = last?.__typename === 'ToolCallChanged' ? last.toolCall.id : ''
  const rename = `mutation ($id: ID!) { updateConversation(input: { conversationId: $id, title: "${mark} title" }) { conversation { id } } }`
  for (const { conversation } of [first, asked]) await user.mutate(rename, { id: conversation.id })
  const key = await keyOf(user, ['tasks:read'], { name: `${mark} key` })
  const answer = await answerIn(user, asked.conversation.id)
  const { viewer } = await user.query<{ viewer: { id: string } }>('{ viewer { id } }')
  const ids: Ids = {
    Conversation: asked.conversation.id,
    Message: answer,
    Run: asked.run.id,
    ToolCall: call,
    Task: task,
    User: viewer.id,
    ApiKey: key.id,
    Attachment: await uploaded(user),
    Import: await movedIn(user),
  }
  return { user, ids, key, first }
}

/** A file of theirs that they have not sent yet. */
async function uploaded(user: User, words = mark): Promise<string> {
  const form = new FormData()
  form.set('file', new File([`${words} file`], `${words}.txt`, { type: 'text/plain' }))
  const response = await user.request('/attachments', { method: 'POST', body: form })
  const { id }: { id: string } = await response.json()
  return id
}

/** A file of their own that they sent in once more. */
async function movedIn(user: User): Promise<string> {
  const body = await (await user.request('/export')).text()
  const headers = { 'content-type': 'application/x-ndjson' }
  const begun: { import: { id: string } } = await (
    await user.request('/import', { method: 'POST', headers, body })
  ).json()
  await importsOver(user)
  return begun.import.id
}

type Imports = { imports: { status: string; report: { outcome: string; conversationId: string | null }[] }[] }

/** The reports of this person's imports, once all have been read; the newest first. */
async function importsOver(user: User): Promise<Imports['imports']> {
  const read = () => user.query<Imports>('{ imports { status report { outcome conversationId } } }')
  await vi.waitFor(
    async () => expect((await read()).imports.filter(({ status }) => status === 'RUNNING')).toEqual([]),
    { timeout: 25_000 },
  )
  return (await read()).imports
}

/** The message of the assistant in it, so that it can be rated, and what it asked for decided. */
async function answerIn(user: User, id: string): Promise<string> {
  type Read = { conversation: { messages: { edges: { node: { id: string } }[] } } }
  const query = 'query ($id: ID!) { conversation(id: $id) { messages(last: 1) { edges { node { id } } } } }'
  const { conversation } = await user.query<Read>(query, { id })
  return conversation.messages.edges[0]?.node.id ?? ''
}

const random = (): Ids => ({
  ...Object.fromEntries(Object.entries(kinds).map(([type, kind]) => [type, publicId(kind, v7())])),
  Import: v7(),
})
const malformed = (): Ids =>
  Object.fromEntries([...Object.keys(kinds), 'Import'].map((type) => [type, `${mark.length}-no-id`]))

/** A second of silence ends a stream that would go on: then it has said nothing of what it must not. */
async function textOf(response: Response, silenceMs = 1_000): Promise<string> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const silence = new Promise<undefined>((resolve) => setTimeout(resolve, silenceMs, undefined).unref())
    const next = await Promise.race([reader?.read(), silence])
    if (!next?.value) break
    text += decoder.decode(next.value, { stream: true })
  }
  await reader?.cancel()
  return text
}

type Answer = { status: number; text: string; told: string }

async function answered(response: Response): Promise<Answer> {
  const text = await textOf(response)
  return { status: response.status, text, told: `${JSON.stringify([...response.headers])}\n${text}` }
}

const post = (url: string, path: string, headers: Headers, body: unknown, accept = '*/*') =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...headers },
    body: JSON.stringify(body),
  }).then(answered)

const ask = (url: string, row: Row, headers: Headers, ids: Ids): Promise<Answer> =>
  post(url, '/graphql', headers, { query: row.document, variables: row.variables(ids) }, acceptOf(row))

const acceptOf = ({ root }: Row) => (root === 'Subscription' ? 'text/event-stream' : 'application/json')

/** What was answered, without what differs from time to time. */
const shapeOf = ({ status, text }: Answer) => ({
  status,
  text: text
    .replace(/"errorId":"[^"]+"/g, '"errorId":""')
    .replace(/"cost":\{[^}]*\}/g, '')
    .replaceAll(/^:.*\n\n/gm, ''),
})

/** What ChatKit calls them. */
const at = ({ Conversation = '', Message = '', ToolCall = '', Attachment = '' }: Ids) => ({
  thread: Conversation,
  item: Message,
  call: ToolCall,
  attachment: Attachment,
})

const rows = rowsOfSchema()
const chatkitRows = rowsOfChatkit()
const pageRows = await rowsOfPages()
const titleOf = ({ root, field, kinds: [kind] }: Row) => `${root}.${field}${kind ? ` ${kind}` : ''}`
const named = <T extends Row>(list: T[]) => list.map((row) => [titleOf(row), row] as const)

const walls = [
  ['both walls', { code: true, database: true }],
  ['the condition in the code off', { code: false, database: true }],
  ['row-level security off', { code: true, database: false }],
] as const

/** Requests that work as someone whom the database hides nothing from: only tests can assemble that. */
function withoutWall(database: Database): Units {
  const as: Units['as'] = ({ id }) =>
    database.orm.em.fork({ session: { role: 'app_system', variables: { 'app.user_id': id } } })
  return { as, asSystem: () => database.units.asSystem() }
}

describe('the matrix', () => {
  test('knows an id of every type that has one', () => {
    expect(nodeTypes().sort()).toEqual(Object.keys(kinds).sort())
  })

  test('has a row for everything that is served', () => {
    expect(rows.length).toBeGreaterThan(25)
    expect(chatkitRows.length).toBeGreaterThan(6)
    expect(pageRows.length).toBeGreaterThan(8)
    expect(pageRows.filter(({ namesConversation }) => namesConversation)).toHaveLength(1)
  })
})

describe.each(walls)('with %s', (_, wall) => {
  let app: TestApp
  let a: Awaited<ReturnType<typeof settled>>
  let b: User
  let bIds: Ids
  let before: string
  const logged: string[] = []

  beforeAll(async () => {
    const shared = await sharedDatabase()
    const database = wall.database ? shared : { ...shared, units: withoutWall(shared) }

    app = await startApp({ provider, database, limits: unmeasured })
    a = await settled(app)
    b = await app.user('b')
    bIds = await ownThings(b)
    before = await rowsOfA()
    provider.always(says('nothing of anybody'))
    ownerCondition.enabled = wall.code
    for (const way of ['log', 'warn', 'error'] as const)
      vi.spyOn(console, way).mockImplementation((...words) => void logged.push(words.map(String).join(' ')))
  })

  afterAll(async () => {
    vi.restoreAllMocks()
    ownerCondition.enabled = true
    await app.close()
  })

  afterEach(() => {
    expect(logged.join('\n')).not.toContain(mark)
    expectNoSecrets(logged.join('\n'))
  })

  /** Everything that the database has of A. */
  async function rowsOfA(): Promise<string> {
    const em = app.database.units.asSystem()
    const id = parsePublicId(a.ids.User ?? '')?.uuid
    const tables = [
      'conversation',
      'message',
      'run',
      'tool_call',
      'run_event',
      'task',
      'idempotency_key',
      'api_key',
      'attachment',
      'import_job',
    ]
    const all = await Promise.all(tables.map((table) => em.execute(`select * from ${table} where user_id = ?`, [id])))
    return JSON.stringify(all.map((list) => list.map((row) => JSON.stringify({ ...row, last_used_at: null })).sort()))
  }

  const nothingOfA = ({ told }: Answer) => {
    expect(told).not.toContain(mark)
    for (const [kind, id] of Object.entries(a.ids)) expect(told.includes(id), `the id of A's ${kind}`).toBe(false)
  }

  /** What a page would show whoever comes with this. */
  const page = (row: PageRow, headers: Headers, ids: Ids) =>
    row.load(new Request(`${app.url}/dashboard`, { headers }), (request) => fetch(request), ids.Conversation ?? '')

  describe('a stranger', () => {
    test.each(named(rows.filter(({ kinds }) => kinds.length > 0)))(
      '%s: A’s is like one that never was',
      async (_, row) => {
        const [foreign, none, broken] = await Promise.all(
          [a.ids, random(), malformed()].map((ids) => ask(app.url, row, b.headers, ids)),
        )
        if (!foreign || !none || !broken) throw new Error('unreachable')
        nothingOfA(foreign)
        expect(shapeOf(foreign)).toEqual(shapeOf(none))
        expect(shapeOf(broken)).toEqual(shapeOf(none))
        expect(foreign.status).toBe(200)
        if (row.root === 'Query') expect(foreign.text).toMatch(/^\{"data":\{"\w+":(null|\[null\])\}/)
        else expect(foreign.text).toMatch(/"code":"NOT_FOUND"/)
        expect(foreign.text).not.toMatch(/"__typename"/)
      },
    )

    test.each(named(rows.filter(({ kinds, root }) => kinds.length === 0 && root !== 'Subscription')))(
      '%s: nothing of A’s',
      async (_, row) => {
        const answer = await ask(app.url, row, b.headers, a.ids)
        expect(answer.status).toBe(200)
        expect(answer.text).not.toContain('"errors"')
        nothingOfA(answer)
      },
    )

    test.each(named(rows.filter(({ isConnection }) => isConnection)))(
      '%s: a cursor of A opens nothing',
      async (_, row) => {
        const field = row.field
        const document = `query ($after: String) { ${field}${row.field === 'searchMessages' ? '(query: "question", after: $after)' : '(after: $after)'} {
        edges { cursor node { __typename } } pageInfo { startCursor hasPreviousPage hasNextPage } } }`
        const mine = document.replace('after: $after', 'first: 1').replace('($after: String)', '')
        const own = await a.user.query<Record<string, { edges: { cursor: string }[] }>>(mine)
        const cursor = own[field]?.edges[0]?.cursor
        expect(cursor).toBeTruthy()
        const foreign = await post(app.url, '/graphql', b.headers, { query: document, variables: { after: cursor } })
        nothingOfA(foreign)
        const garbage = { query: document, variables: { after: randomBytes(20).toString('base64url') } }
        expect((await post(app.url, '/graphql', b.headers, garbage)).text).toContain('"BAD_USER_INPUT"')
      },
    )

    test('hears of their own changes alone', async () => {
      const notices = b.notices()
      const first = notices.next()
      await vi.waitFor(async () => {
        await a.user.mutate(
          `mutation { updateTask(input: { taskId: "${a.ids.Task}", completed: false }) { task { id } } }`,
        )
        await b.mutate(`mutation { updateTask(input: { taskId: "${bIds.Task}", completed: true }) { task { id } } }`)
        const heard = await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 100, null).unref())])
        expect(heard).not.toBeNull()
      })
      const { value } = await first
      expect(value).toMatchObject({ __typename: 'TaskChanged', taskId: bIds.Task })
      await notices.return()
      before = await rowsOfA()
    })

    test('cannot send a file of A’s, nor one that never was, in a conversation of their own', async () => {
      const before = provider.requests.length
      const told: string[] = []
      for (const attachment of [a.ids.Attachment, random().Attachment]) {
        const input = { conversationId: bIds.Conversation, content: 'look', attachmentIds: [attachment] }
        const query = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { run { id } } }'
        const answer = await post(app.url, '/graphql', b.headers, { query, variables: { input } })
        nothingOfA(answer)
        expect(answer.text).toContain('"NOT_FOUND"')
        told.push(shapeOf(answer).text)
      }
      expect(told[0]).toBe(told[1])
      expect(provider.requests).toHaveLength(before)
    })

    test('with A’s idempotency key gets a result of their own', async () => {
      const { createTask } = await b.mutate<{ createTask: { task: { id: string; title: string } } }>(
        `mutation { createTask(input: { title: "own", idempotencyKey: "key-of-mark" }) { task { id title } } }`,
      )
      expect(createTask.task).toMatchObject({ title: 'own', id: expect.not.stringMatching(a.ids.Task ?? '') })
    })

    test.each(chatkitRows.map((row) => [row.type, row] as const))(
      'ChatKit %s: A’s is like one that never was',
      async (_, row) => {
        const [foreign, none] = await Promise.all(
          [a.ids, random()].map((ids) => post(app.url, '/chatkit', b.headers, row.body(at(ids)))),
        )
        if (!foreign || !none) throw new Error('unreachable')
        nothingOfA(foreign)
        if (!row.namesThread && !row.namesAttachment) return
        expect(foreign.status).toBe(404)
        expect(shapeOf(foreign)).toEqual(shapeOf(none))
        if (!row.namesItem) return
        const mixed = await post(
          app.url,
          '/chatkit',
          b.headers,
          row.body({ ...at(a.ids), thread: bIds.Conversation ?? '' }),
        )
        nothingOfA(mixed)
        expect(mixed.status).toBeGreaterThanOrEqual(400)
      },
    )

    test('every tool of MCP: what is A’s is like what never was', async () => {
      const mcp = await mcpSession(app.url, bearer(await b.token()))
      const tools = await mcp.tools()
      expect(tools.length).toBeGreaterThan(4)
      for (const { name, inputSchema } of tools) {
        const args = (ids: Ids) => argumentsOf(inputSchema, ids)
        const [foreign, none] = [await mcp.call(name, args(a.ids)), await mcp.call(name, args(random()))]
        expect(JSON.stringify(foreign), name).not.toContain(mark)
        const namesOne = JSON.stringify(args(a.ids)) !== JSON.stringify(args(random()))
        if (namesOne) expect(foreign, name).toEqual({ ...none, isError: true })
      }
    })

    test('has no use for the MCP session of A', async () => {
      const { id } = await mcpSession(app.url, bearer(await a.user.token()))
      const list = { id: 2, method: 'tools/list', params: {} }
      const response = await postMcp(app.url, bearer(await b.token()), list, id)
      expect(response.status).toBe(404)
      nothingOfA(await answered(response))
    })

    test('resources of MCP: only their own are listed, A’s is like one that never was', async () => {
      const mcp = await mcpSession(app.url, bearer(await b.token()))
      const { resources } = await mcp.request<{ resources: { uri: string }[] }>('resources/list', {})
      expect(JSON.stringify(resources)).not.toContain(mark)
      const own = resources.find(({ uri }) => uri.includes(bIds.Conversation ?? '-'))?.uri ?? ''
      expect(await mcp.request('resources/read', { uri: own })).toMatchObject({ contents: [{ uri: own }] })
      const read = (ids: Ids) =>
        mcp.request('resources/read', { uri: own.replace(bIds.Conversation ?? '-', ids.Conversation ?? '') })
      const [foreign, none] = [await read(a.ids), await read(random())]
      expect(foreign).toMatchObject({ isError: true })
      expect(foreign).toEqual(none)
    })

    test('pages: what is A’s is like what never was', async () => {
      for (const row of pageRows) {
        const [foreign, none] = [await page(row, b.headers, a.ids), await page(row, b.headers, random())]
        expect(foreign.told, row.name).not.toContain(mark)
        if (row.namesConversation) expect(foreign.status).toBe(404)
        for (const it of [foreign, none]) it.told = it.told.replaceAll(/"now":\d+/g, '')
        expect(foreign, row.name).toEqual(none)
      }
    })

    test('files: without its own signature an address of A’s is like one that never was', async () => {
      const links = 'query ($id: ID!) { node(id: $id) { ... on Attachment { url } } }'
      const linkOf = async (of: User, id?: string) =>
        new URL((await of.query<{ node: { url: string } }>(links, { id })).node.url)
      const [theirs, own] = [await linkOf(a.user, a.ids.Attachment), await linkOf(b, bIds.Attachment)]
      const [foreignUser, ownUser] = [theirs.searchParams.get('user') ?? '', own.searchParams.get('user') ?? '']
      expect((await fetch(own)).status).toBe(200)
      expect(await (await fetch(theirs)).text()).toContain(mark) // the address is the credential
      const forged = (id?: string): URL[] => {
        const bare = new URL(`/attachments/${id}`, app.url)
        const signed = new URL(`${bare.pathname}${own.search}`, app.url)
        const asOwner = new URL(signed.href.replace(ownUser, foreignUser))
        const later = new URL(asOwner.href.replace(/expires=\d+/, 'expires=9999999999'))
        return [bare, signed, asOwner, later]
      }
      for (const [at, url] of forged(a.ids.Attachment).entries())
        for (const init of [{}, { method: 'PUT', body: 'x' }]) {
          const none = forged(random().Attachment)[at] ?? url
          const ask = (it: URL) =>
            fetch(it, { headers: { ...b.headers, 'content-type': 'text/plain' }, ...init }).then(answered)
          const foreign = await ask(url)
          nothingOfA(foreign)
          expect(foreign.status).toBeGreaterThanOrEqual(400)
          expect(shapeOf(foreign)).toEqual(shapeOf(await ask(none)))
        }
      // An address for reading fills nothing.
      expect((await fetch(theirs, { method: 'PUT', body: 'x' })).status).toBe(404)
    })

    test.each(['jsonl', 'markdown'])('exports as %s: their own, and of A’s nothing', async (format) => {
      const all = await answered(await b.request(`/export?format=${format}`))
      expect(all.status).toBe(200)
      nothingOfA(all)
      const of = async (id?: string) => answered(await b.request(`/export?format=${format}&conversation=${id}`))
      expect((await of(bIds.Conversation)).status).toBe(200)
      const foreign = await of(a.ids.Conversation)
      nothingOfA(foreign)
      expect(foreign.status).toBe(404)
      expect(shapeOf(foreign)).toEqual(shapeOf(await of(random().Conversation)))
    })

    test('imports: a file that names A’s conversation makes one of their own', async () => {
      const own = await (await b.request(`/export?conversation=${bIds.Conversation}`)).text()
      const file = own.replaceAll(bIds.Conversation ?? '-', a.ids.Conversation ?? '')
      const headers = { 'content-type': 'application/x-ndjson' }
      const begun = await answered(await b.request('/import', { method: 'POST', headers, body: file }))
      expect(begun.status).toBe(202)
      const [job] = await importsOver(b)
      expect(job?.report).toMatchObject([
        { outcome: 'IMPORTED', conversationId: expect.not.stringMatching(a.ids.Conversation ?? '-') },
      ])
    })

    test('has a model that names A’s ids: it gets no further', async () => {
      provider.plays(
        calls(
          { name: 'update_task', arguments: { task_id: a.ids.Task, title: 'taken' } },
          { name: 'list_tasks', arguments: { words: mark } },
        ),
        says('no luck'),
      )
      const { events } = await b.hears('take it')
      const told = JSON.stringify(events)
      expect(told).toContain('no luck')
      expect(told).toContain('"FAILED"')
      expect(told.replaceAll(`"words":"${mark}"`, '')).not.toContain(mark)
    })

    test.each<[string, (token: string) => [string, object | null]]>([
      ['list', () => ['list-sessions', null]],
      ['revoke', (token) => ['revoke-session', { token }]],
      ['read', () => ['get-session', null]],
      ['rename', () => ['update-user', { name: 'taken', userId: a.ids.User, id: a.ids.User }]],
    ])('routes of accounts: %s', async (_, request) => {
      const { uuid } = parsePublicId(a.ids.User ?? '') ?? {}
      const [session] = await app.database.orm.em
        .fork()
        .execute('select token, id from auth_session where "userId" = ? limit 1', [uuid])
      const [path, body] = request(session?.token)
      const answer = await answered(
        await b.request(`/api/auth/${path}`, {
          method: body ? 'POST' : 'GET',
          ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
        }),
      )
      nothingOfA(answer)
      expect(answer.told).not.toContain(session?.token)
      expect((await a.user.query<{ viewer: { name: string } }>('{ viewer { name } }')).viewer.name).toBe(mark)
    })

    test('has changed nothing of A’s in all that', async () => {
      expect(await rowsOfA()).toBe(before)
    })
  })

  describe('a key of A without the scope', () => {
    const any = ['viewer', 'rateLimit', 'toolServers', 'models', 'dictation']
    const guarded = rows.filter(({ field, kinds }) => !any.includes(field) && !kinds.includes('User'))

    test.each(named(guarded))('%s: FORBIDDEN', async (_, row) => {
      const scope = /task/i.test(titleOf(row)) ? 'conversations:read' : 'tasks:read'
      const { key } = await sparse(scope)
      for (const headers of [bearer(key), apiKey(key)])
        for (const ids of [a.ids, random()]) {
          const answer = await ask(app.url, row, headers, ids)
          expect(answer.text).toContain('"FORBIDDEN"')
          expect(answer.told).not.toContain(mark)
        }
    })

    test.each(chatkitRows.map((row) => [row.type, row] as const))('ChatKit %s: FORBIDDEN', async (_, row) => {
      const { key } = await sparse('tasks:read')
      const ids = at(a.ids)
      const answer = await post(app.url, '/chatkit', apiKey(key), row.body(ids))
      expect(answer.status).toBe(403)
      expect(answer.told).not.toContain(mark)
    })

    test('exports, imports, files: FORBIDDEN', async () => {
      const { key } = await sparse('tasks:read')
      const body = JSON.stringify({})
      for (const [path, init] of [
        ['/export', {}],
        [`/export?conversation=${a.ids.Conversation}`, {}],
        ['/import', { method: 'POST', body }],
        ['/attachments', { method: 'POST', body }],
      ] as const) {
        const headers = { 'content-type': 'application/json', ...bearer(key) }
        const answer = await answered(await fetch(`${app.url}${path}`, { ...init, headers }))
        expect(answer.status, path).toBe(403)
        nothingOfA(answer)
      }
    })

    test('resources of MCP: are not there', async () => {
      const mcp = await mcpSession(app.url, apiKey((await sparse('tasks:read')).key))
      expect(JSON.stringify(await mcp.request('resources/list', {}))).not.toContain(mark)
      expect(await mcp.request('resources/read', { uri: `conversation://${a.ids.Conversation}` })).toMatchObject({
        isError: true,
      })
    })

    test('every tool of MCP: is not there', async () => {
      const all = await mcpSession(app.url, bearer(await a.user.token()))
      for (const scope of ['tasks:read', 'conversations:read', 'runs:write']) {
        const { key } = await sparse(scope)
        const mcp = await mcpSession(app.url, apiKey(key))
        const open = (await mcp.tools()).map(({ name }) => name)
        for (const { name, inputSchema } of await all.tools()) {
          if (open.includes(name)) continue
          const refused = await mcp.call(name, argumentsOf(inputSchema, a.ids))
          expect(refused.isError, `${name} with ${scope}`).toBe(true)
          expect(JSON.stringify(refused)).not.toContain(mark)
        }
        expect(open.length, scope).toBeLessThan(4)
      }
      expect(await rowsOfA()).toContain(`${mark} task`)
    })

    const made = new Map<string, Promise<{ key: string }>>()
    function sparse(scope: string): Promise<{ key: string }> {
      const key = made.get(scope) ?? keyOf(a.user, [scope])
      made.set(scope, key)
      return key
    }
  })

  describe.each(['nobody', 'an expired session', 'a revoked key', 'a signed-out session', 'a deleted account'])(
    '%s',
    (who) => {
      let credentials: Headers[]

      beforeAll(async () => {
        credentials = await credentialsOf[who as keyof typeof credentialsOf](app, a.user)
      })

      test('is refused by every field, before it is looked at', async () => {
        for (const headers of credentials)
          for (const row of rows) {
            const answer = await ask(app.url, row, headers, a.ids)
            expect(answer.status, titleOf(row)).toBe(401)
            expect(answer.text, titleOf(row)).toContain('"UNAUTHENTICATED"')
            expect(answer.told).not.toContain(mark)
          }
      })

      test('is refused by MCP', async () => {
        const hello = { id: 1, method: 'initialize', params: {} }
        for (const headers of credentials)
          for (const message of [hello, { id: 2, method: 'tools/list', params: {} }]) {
            const answer = await answered(await postMcp(app.url, headers, message))
            expect(answer.status).toBe(401)
            expect(answer.told).not.toContain(mark)
          }
      })

      // What is no page at all reads nothing; around it the page of the dashboard leads away.
      test('is led to sign-in by every page', async () => {
        for (const headers of credentials)
          for (const row of pageRows.filter(({ name }) => /^dashboard/.test(name) && !name.endsWith('$'))) {
            const { status, told } = await page(row, headers, a.ids)
            expect([status, row.name], told).toEqual([302, row.name])
            expect(told).toContain('/sign-in')
            expect(told).not.toContain(mark)
          }
      })

      test('is refused by exports, imports and files', async () => {
        for (const headers of credentials)
          for (const [path, method] of [
            ['/export', 'GET'],
            [`/export?conversation=${a.ids.Conversation}`, 'GET'],
            ['/import', 'POST'],
            ['/attachments', 'POST'],
          ] as const) {
            const answer = await answered(await fetch(`${app.url}${path}`, { method, headers }))
            expect(answer.status, path).toBe(401)
            expect(answer.text).toContain('"UNAUTHENTICATED"')
            expect(answer.told).not.toContain(mark)
          }
      })

      test('is refused by every request of ChatKit', async () => {
        for (const headers of credentials)
          for (const row of chatkitRows) {
            const ids = at(a.ids)
            const answer = await post(app.url, '/chatkit', headers, row.body(ids))
            expect(answer.status, row.type).toBe(401)
            expect(answer.told).not.toContain(mark)
          }
      })
    },
  )
})

/** The rows ask for everything that there is, which is more than anybody may. */
const unmeasured = { queryTokens: 100_000, queryCost: 100_000, queryAliases: 10_000, queryDepth: 20 }

/** Something of every kind that is B's own. */
async function ownThings(user: User): Promise<Ids> {
  provider.plays(says('an answer'))
  const { conversation, message, run } = await user.hears('a question')
  const made = await user.mutate<{ createTask: { task: { id: string } } }>(
    'mutation { createTask(input: { title: "own" }) { task { id } } }',
  )
  const { viewer } = await user.query<{ viewer: { id: string } }>('{ viewer { id } }')
  return {
    Conversation: conversation.id,
    Message: message.id,
    Run: run.id,
    Task: made.createTask.task.id,
    User: viewer.id,
    Attachment: await uploaded(user, 'own'),
  }
}

const toolSamples: Record<string, (ids: Ids) => unknown> = {
  task_id: ({ Task }) => Task,
  conversation_id: ({ Conversation }) => Conversation,
  title: () => 'Something to do',
  notes: () => 'Soon',
  due_on: () => '2026-12-24',
  completed: () => true,
  status: () => 'all',
  words: () => 'question',
  query: () => 'question',
  limit: () => 20,
  after: () => 0,
}

/** What a tool is called with. Throws for an argument that nobody said a value for. */
function argumentsOf(schema: Record<string, unknown>, ids: Ids): Record<string, unknown> {
  const names = Object.keys((schema.properties ?? {}) as object)
  for (const name of names) if (!toolSamples[name]) throw new Error(`The argument ${name} is new. Give it a sample.`)
  return Object.fromEntries(names.map((name) => [name, toolSamples[name]?.(ids)]))
}

type Credentials = (app: TestApp, a: User) => Promise<Headers[]>

const credentialsOf = {
  nobody: async () => [{}, bearer(''), apiKey('parley_'), { cookie: 'parley.session_token=x.y' }],
  'an expired session': async (app, a) => {
    const other = await app.again(a)
    const token = await other.token()
    const { sid } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    await app.database.orm.em.fork().execute(`update auth_session set "expiresAt" = now() where id = ?`, [sid])
    return [other.headers, bearer(token)]
  },
  'a revoked key': async (_, a) => {
    const { key, id } = await keyOf(a, ['tasks:read', 'tasks:write', 'conversations:read'])
    await a.mutate(`mutation { revokeApiKey(input: { apiKeyId: "${id}" }) { revokedId } }`)
    return [bearer(key), apiKey(key)]
  },
  'a signed-out session': async (app, a) => {
    const other = await app.again(a)
    const token = await other.token()
    await other.signsOut()
    return [other.headers, bearer(token)]
  },
  'a deleted account': async (app) => {
    const gone = await app.user('gone')
    const [token, { key }] = [await gone.token(), await keyOf(gone, ['tasks:read'])]
    await app.database.orm.em.fork().execute('delete from auth_user where email = ?', [gone.email])
    return [gone.headers, bearer(token), apiKey(key)]
  },
} satisfies Record<string, Credentials>
