import { globSync, readFileSync } from 'node:fs'
import { Kind, type OperationDefinitionNode, parse, print } from 'graphql'
import { expect, test } from 'vitest'
import { parsePublicId } from '../api/ids.ts'
import { ToolCall } from '../api/runs/tool-call.entity.ts'
import { startApp } from './support/app.ts'
import { all, until } from './support/events.ts'
import { calls, pause, says, startProvider } from './support/scripted-provider.ts'
import type { User } from './support/user.ts'

/** A document that third parties can copy; of several in one file, the one of this name. */
const operation = (file: string) => readFileSync(`schema/operations/${file}.graphql`, 'utf8')

type Id = { id: string }
type Page<T> = {
  edges: { cursor: string; node: T }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
  totalCount: number
}

async function withPlayedModel() {
  const provider = await startProvider()
  const app = await startApp({ provider })
  return { provider, app, ada: await app.user('ada') }
}

const addsTask = (title: string) => [calls({ name: 'add_task', arguments: { title } }), says('Done.')] as const

test('a whole conversation is read in one request, with what was called and where to follow it from', async () => {
  const { provider, ada } = await withPlayedModel()
  provider.plays(...addsTask('buy oat milk'))
  const { conversation, run } = await ada.hears('Remind me of oat milk')
  const read = await ada.query<{ conversation: Record<string, unknown> }>(operation('whole-conversation'), {
    id: conversation.id,
  })
  expect(read.conversation).toMatchObject({
    id: conversation.id,
    eventCursor: expect.stringMatching(/./),
    activeRun: null,
    messages: {
      edges: [
        {
          node: {
            role: 'USER',
            content: 'Remind me of oat milk',
            status: 'COMPLETE',
            toolCalls: [],
            run: { id: run.id },
          },
        },
        {
          node: {
            role: 'ASSISTANT',
            content: '',
            toolCalls: [
              {
                name: 'add_task',
                server: 'tasks',
                status: 'SUCCEEDED',
                arguments: { title: 'buy oat milk' },
                resultTruncated: false,
              },
            ],
            run: { id: run.id, status: 'COMPLETED', error: null },
          },
        },
        { node: { role: 'ASSISTANT', content: 'Done.', status: 'COMPLETE', toolCalls: [] } },
      ],
      pageInfo: { hasPreviousPage: false },
    },
  })
})

test('a message is empty while it is being written: the text is in the deltas alone', async () => {
  const { provider, ada } = await withPlayedModel()
  provider.plays(says('Paris', pause, ' is the capital.'))
  const { conversation, run } = await ada.asks('Capital of France?')
  await ada.sees(run, 'Paris')
  const document = `query ($id: ID!) { conversation(id: $id) { activeRun { id status messages { content status } } } }`
  const now = () => ada.query<{ conversation: { activeRun: unknown } }>(document, { id: conversation.id })
  expect((await now()).conversation.activeRun).toEqual({
    id: run.id,
    status: 'RUNNING',
    messages: [{ content: '', status: 'STREAMING' }],
  })
  provider.resume()
  await all(ada.follows(run))
  expect((await now()).conversation.activeRun).toBeNull()
})

test('lists are walked both ways, each object once', async () => {
  const app = await startApp()
  const ada = await app.user('ada')
  for (const title of ['a', 'b', 'c', 'd', 'e'])
    await ada.mutate('mutation ($title: String!) { createTask(input: { title: $title }) { task { id } } }', { title })
  const page = async (args: Record<string, unknown>) =>
    (
      await ada.query<{ tasks: Page<{ id: string; title: string }> }>(
        `query ($first: Int, $after: String, $last: Int, $before: String) {
          tasks(first: $first, after: $after, last: $last, before: $before) {
            edges { cursor node { id title } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
          }
        }`,
        args,
      )
    ).tasks
  const titles = ({ edges }: Page<{ title: string }>) => edges.map(({ node }) => node.title).join('')

  const first = await page({ first: 2 })
  const second = await page({ first: 2, after: first.pageInfo.endCursor })
  const third = await page({ first: 2, after: second.pageInfo.endCursor })
  expect([first, second, third].map(titles)).toEqual(['ed', 'cb', 'a'])
  expect([first, second, third].map((it) => it.pageInfo.hasNextPage)).toEqual([true, true, false])
  expect([first.totalCount, first.pageInfo.hasPreviousPage]).toEqual([5, false])

  const last = await page({ last: 2 })
  expect(titles(last)).toBe('ba')
  expect(titles(await page({ last: 2, before: last.pageInfo.startCursor }))).toBe('dc')
  expect(await page({ first: 0 })).toMatchObject({
    edges: [],
    pageInfo: { startCursor: null, endCursor: null },
    totalCount: 5,
  })

  // Whether there is more on the other side is looked up, and not taken from there being a cursor.
  expect(second.pageInfo.hasPreviousPage).toBe(true)
  expect(await page({ last: 2, before: last.pageInfo.startCursor })).toMatchObject({ pageInfo: { hasNextPage: true } })
  const behind = await page({ first: 2, after: third.pageInfo.endCursor })
  expect(behind).toMatchObject({ edges: [], pageInfo: { hasNextPage: false, hasPreviousPage: true } })
  for (const { node } of [...first.edges, ...last.edges])
    await ada.mutate('mutation ($id: ID!) { deleteTask(input: { taskId: $id }) { deletedId } }', { id: node.id })
  const [onlyLeft, leftToo] = [
    await page({ first: 2, after: first.pageInfo.endCursor }),
    await page({ last: 2, before: last.pageInfo.startCursor }),
  ]
  for (const left of [onlyLeft, leftToo])
    expect(left).toMatchObject({
      edges: [{ node: { title: 'c' } }],
      pageInfo: { hasNextPage: false, hasPreviousPage: false },
    })

  const wrong: [Record<string, unknown>, string][] = [
    [{ first: 101 }, 'first'],
    [{ first: -1 }, 'first'],
    [{ first: 1, last: 1 }, 'last'],
    [{ first: 1, after: 'nonsense' }, 'after'],
  ]
  for (const [args, field] of wrong)
    await expect(page(args)).rejects.toMatchObject({
      errors: [{ path: ['tasks'], extensions: { code: 'BAD_USER_INPUT', field: [field] } }],
    })
})

test('runs and conversations are listed the newest first, and filtered', async () => {
  const { provider, ada } = await withPlayedModel()
  provider.always(says('Yes.'))
  const first = await ada.hears('One')
  await ada.hears('Two', { conversation: first.conversation })
  const other = await ada.hears('Three')
  await ada.mutate(
    'mutation ($id: ID!) { updateConversation(input: { conversationId: $id, title: "Put away 100%", archived: true }) { conversation { id } } }',
    { id: first.conversation.id },
  )
  const read = await ada.query<
    Record<'listed' | 'away' | 'both' | 'found', Page<Id>> & { conversation: { runs: Page<{ status: string } & Id> } }
  >(
    `query ($id: ID!) {
      listed: conversations { ...Ids }
      away: conversations(filter: { archived: true }) { ...Ids }
      both: conversations(filter: { archived: null }) { ...Ids }
      found: conversations(filter: { archived: null, titleContains: "away 100%" }) { ...Ids }
      conversation(id: $id) { runs { edges { node { id status } } totalCount } }
    }
    fragment Ids on ConversationConnection { edges { node { id } } totalCount }`,
    { id: first.conversation.id },
  )
  const ids = (page: Page<Id>) => page.edges.map(({ node }) => node.id)
  expect(ids(read.listed)).toEqual([other.conversation.id])
  expect(ids(read.away)).toEqual([first.conversation.id])
  expect(ids(read.both).sort()).toEqual([first.conversation.id, other.conversation.id].sort())
  expect(ids(read.found)).toEqual([first.conversation.id])
  expect(read.both.totalCount).toBe(2)
  expect(read.conversation.runs.totalCount).toBe(2)
  expect(read.conversation.runs.edges.map(({ node }) => node.id).at(-1)).toBe(first.run.id)
})

test('every object is found again by its id, and only by its owner', async () => {
  const { provider, app, ada } = await withPlayedModel()
  provider.plays(...addsTask('buy oat milk'))
  const { conversation, run, message } = await ada.hears('Remind me of oat milk')
  const { viewer, tasks, node } = await ada.query<{
    viewer: Id
    tasks: Page<Id>
    node: { messages: { toolCalls: Id[] }[] }
  }>(
    `query ($run: ID!) { viewer { id } tasks { edges { node { id } } } node(id: $run) { ... on Run { messages { toolCalls { id } } } } }`,
    { run: run.id },
  )
  const ids = [
    conversation.id,
    message.id,
    run.id,
    node.messages[0]?.toolCalls[0]?.id,
    tasks.edges[0]?.node.id,
    viewer.id,
  ]
  const kinds = ['Conversation', 'Message', 'Run', 'ToolCall', 'Task', 'User']
  const find = async (user: User, some: unknown[]) =>
    (await user.query<{ nodes: ({ __typename: string } & Id)[] }>(operation('nodes'), { ids: some })).nodes

  expect((await find(ada, ids)).map((it) => [it.__typename, it.id])).toEqual(kinds.map((kind, at) => [kind, ids[at]]))

  const eve = await app.user('eve')
  const strange = [
    ...ids,
    'conv_00000000000000000000000000',
    'conv_x',
    'thing_01h455vb4pex5vsknk084sn02q',
    '',
    `${run.id} `,
  ]
  expect(await find(eve, strange)).toEqual(strange.map(() => null))
  await expect(
    find(
      ada,
      Array.from({ length: 101 }, () => run.id),
    ),
  ).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  const one = `query ($id: ID!) { node(id: $id) { id } conversation(id: $id) { id } }`
  for (const id of strange) expect(await eve.query(one, { id })).toEqual({ node: null, conversation: null })
})

test('what is changed by the id of someone else, or by none, is not there', async () => {
  const { provider, app, ada } = await withPlayedModel()
  provider.always(says('Yes.'))
  const { conversation, run, message, events } = await ada.hears('Hello')
  const answer = events.flatMap((it) => (it.__typename === 'MessageCompleted' ? [it.message.id] : []))[0]
  const { createTask } = await ada.mutate<{ createTask: { task: Id } }>(
    'mutation { createTask(input: { title: "mine" }) { task { id } } }',
  )
  const eve = await app.user('eve')
  const changes: [string, string | undefined][] = [
    ['sendMessage(input: { conversationId: $id, content: "Hi" }) { run { id } }', conversation.id],
    [
      'updateConversation(input: { conversationId: $id, title: "Eve was here" }) { conversation { id } }',
      conversation.id,
    ],
    ['deleteConversation(input: { conversationId: $id }) { deletedId }', conversation.id],
    ['stopRun(input: { runId: $id }) { run { id } }', run.id],
    ['retryMessage(input: { messageId: $id }) { run { id } }', message.id],
    ['editMessage(input: { messageId: $id, content: "Hi" }) { run { id } }', message.id],
    ['rateMessage(input: { messageId: $id, feedback: DOWN }) { message { id } }', answer],
    ['updateTask(input: { taskId: $id, title: "Eve was here" }) { task { id } }', createTask.task.id],
    ['deleteTask(input: { taskId: $id }) { deletedId }', createTask.task.id],
  ]
  for (const [change, id] of changes)
    for (const strange of [id, 'nonsense', id?.replace(/.$/, (it) => (it === '0' ? '1' : '0'))])
      await expect(eve.mutate(`mutation ($id: ID!) { ${change} }`, { id: strange }), change).rejects.toMatchObject({
        code: 'NOT_FOUND',
      })
  const left = await ada.query(
    `query ($id: ID!) { conversation(id: $id) { messages { totalCount } } tasks { edges { node { title } } } }`,
    { id: conversation.id },
  )
  expect(left).toEqual({
    conversation: { messages: { totalCount: 2 } },
    tasks: { edges: [{ node: { title: 'mine' } }] },
  })
})

test('tasks are written down, changed, cleared and deleted', async () => {
  const app = await startApp()
  const ada = await app.user('ada')
  const input = { title: 'Oat milk', notes: 'two', dueOn: '2026-12-01', idempotencyKey: 'milk-0001' }
  const create = 'mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id title notes dueOn } } }'
  const { createTask } = await ada.mutate<{ createTask: { task: Id } }>(create, { input })
  expect(createTask.task).toMatchObject({ title: 'Oat milk', notes: 'two', dueOn: '2026-12-01' })
  expect(await ada.mutate(create, { input })).toEqual({ createTask })
  await expect(ada.mutate(create, { input: { ...input, title: 'Milk' } })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  })

  const taskId = createTask.task.id
  const update = async (change: Record<string, unknown>) =>
    (
      await ada.mutate<{ updateTask: { task: unknown } }>(
        'mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { task { title notes dueOn completedAt } } }',
        { input: { taskId, ...change } },
      )
    ).updateTask.task
  expect(await update({ completed: true })).toMatchObject({
    notes: 'two',
    completedAt: expect.stringMatching(/\.\d{3}Z$/),
  })
  expect(await update({ notes: null, dueOn: null })).toMatchObject({ title: 'Oat milk', notes: null, dueOn: null })
  await expect(update({ title: null })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  expect(
    await ada.mutate('mutation ($id: ID!) { deleteTask(input: { taskId: $id }) { deletedId } }', { id: taskId }),
  ).toEqual({
    deleteTask: { deletedId: taskId },
  })
})

test('a conversation is begun, rated and deleted with all that hangs on it', async () => {
  const { provider, ada } = await withPlayedModel()
  provider.always(says('Yes.'))
  const create = `mutation { createConversation(input: { title: "Mine", idempotencyKey: "conversation 1" }) { conversation { id title } } }`
  const { createConversation } = await ada.mutate<{ createConversation: { conversation: Id } }>(create)
  expect(await ada.mutate(create)).toEqual({ createConversation })
  const { conversation } = createConversation
  const { events, message } = await ada.hears('Hello', { conversation })
  const rate = (messageId: unknown, feedback: string | null) =>
    ada.mutate('mutation ($input: RateMessageInput!) { rateMessage(input: $input) { message { feedback } } }', {
      input: { messageId, feedback },
    })
  await expect(
    ada.mutate(
      'mutation ($id: ID!) { updateConversation(input: { conversationId: $id, pinned: null }) { conversation { id } } }',
      conversation,
    ),
  ).rejects.toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT', field: ['input', 'pinned'] } }] })
  const answer = events.flatMap((it) => (it.__typename === 'MessageCompleted' ? [it.message.id] : []))[0]
  expect(await rate(answer, 'UP')).toEqual({ rateMessage: { message: { feedback: 'UP' } } })
  expect(await rate(answer, null)).toEqual({ rateMessage: { message: { feedback: null } } })
  await expect(rate(message.id, 'UP')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  const remove =
    'mutation ($id: ID!) { deleteConversation(input: { conversationId: $id }) { deletedId deletedMessages deletedRuns } }'
  expect(await ada.mutate(remove, { id: conversation.id })).toEqual({
    deleteConversation: { deletedId: conversation.id, deletedMessages: 2, deletedRuns: 1 },
  })
  await expect(ada.mutate(remove, { id: conversation.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('what changes a conversation at once is counted each, so that followers hear of it', async () => {
  const { app, ada } = await withPlayedModel()
  const { createConversation } = await ada.mutate<{ createConversation: { conversation: Id } }>(
    'mutation { createConversation(input: {}) { conversation { id } } }',
  )
  const { id } = createConversation.conversation
  const revision = async () => {
    const uuid = parsePublicId(id)?.uuid
    const rows = await app.database.units
      .asSystem()
      .execute<{ revision: number }[]>('select revision from conversation where id = ?', [uuid])
    return rows[0]?.revision ?? 0
  }
  const before = await revision()
  const pin = `mutation ($id: ID!, $pinned: Boolean) {
    updateConversation(input: { conversationId: $id, pinned: $pinned }) { conversation { id } }
  }`
  await Promise.all(Array.from({ length: 20 }, (_, n) => ada.mutate(pin, { id, pinned: n % 2 === 0 })))
  expect(await revision()).toBe(before + 20)
})

test('a result that is too long is cut, and read whole in pieces', async () => {
  const { provider, app, ada } = await withPlayedModel()
  provider.plays(...addsTask('buy oat milk'))
  const { events } = await ada.hears('Remind me of oat milk')
  const { toolCall } = events.find((it) => it.__typename === 'ToolCallChanged') ?? {}
  const { uuid = '' } = parsePublicId(toolCall?.id ?? '') ?? {}
  const text = `${'milk 🥛 '.repeat(15_000)}end`
  const system = app.database.units.asSystem()
  await system.nativeUpdate(ToolCall, { id: uuid }, { result: null, resultText: text })

  const document = `query ($id: ID!, $offset: Int = 0) {
    node(id: $id) { ... on ToolCall { result resultTruncated resultText(offset: $offset, limit: 65535) } }
  }`
  const read = async (offset: number) =>
    (
      await ada.query<{ node: { result: string; resultTruncated: boolean; resultText: string } }>(document, {
        id: toolCall?.id,
        offset,
      })
    ).node
  const { result, resultTruncated } = await read(0)
  expect([resultTruncated, text.startsWith(result), Buffer.byteLength(result) <= 65_536]).toEqual([true, true, true])
  let whole = ''
  for (let offset = 0, piece = ' '; piece !== ''; offset += 65_535) {
    piece = (await read(offset)).resultText
    whole += piece
  }
  expect(whole).toBe(text)
})

async function taskOf(user: User): Promise<string> {
  const { createTask } = await user.mutate<{ createTask: { task: Id } }>(
    'mutation { createTask(input: { title: "old" }) { task { id } } }',
  )
  return createTask.task.id
}

const waitsForPerson = ({ toolCall }: { toolCall: { status: string } }) => toolCall.status === 'AWAITING_APPROVAL'

test('every document to copy works as it is', async () => {
  const { provider, ada } = await withPlayedModel()
  provider.always(says('Yes.'))
  const documents = globSync('schema/operations/*.graphql').flatMap(
    (file) => parse(readFileSync(file, 'utf8')).definitions,
  )
  const operations = new Map(
    documents
      .filter((it): it is OperationDefinitionNode => it.kind === Kind.OPERATION_DEFINITION)
      .map((it) => [it.name?.value ?? '', it]),
  )
  const runs = async <D>(name: string, variables: Record<string, unknown> = {}): Promise<D> => {
    const operation = operations.get(name)
    if (!operation) throw new Error(`There is no ${name} any more`)
    operations.delete(name)
    if (operation.operation !== 'subscription') return ada.query<D>(print(operation), variables)
    for await (const first of ada.subscribe<D>(print(operation), variables)) return first
    throw new Error(`${name} ended without an event`)
  }

  await runs('WhoAmI')
  const { sendMessage } = await runs<{ sendMessage: { conversation: Id; message: Id; run: Id } }>('SendMessage', {
    input: { content: 'Hello', idempotencyKey: 'hello-0001' },
  })
  const { conversation, message, run } = sendMessage
  await all(ada.follows(run))
  expect(await runs('FollowRun', { runId: run.id })).toMatchObject({ runEvents: { __typename: 'RunStarted' } })
  expect(await runs('FollowConversation', { conversationId: conversation.id })).toMatchObject({
    conversationEvents: { __typename: 'ConversationUpdated' },
  })
  expect(await runs('FirstPage')).toMatchObject({ conversations: { edges: [{ node: { id: conversation.id } }] } })
  expect(await runs('StopRun', { runId: run.id })).toMatchObject({ stopRun: { run: { status: 'COMPLETED' } } })
  expect(await runs('Nodes', { ids: [message.id, 'nothing'] })).toMatchObject({ nodes: [{ content: 'Hello' }, null] })

  const again = await runs<{ retryMessage: { run: Id } }>('RetryMessage', { input: { messageId: message.id } })
  await all(ada.follows(again.retryMessage.run))
  const edit = { messageId: message.id, content: 'Hello there' }
  const edited = await runs<{ editMessage: { run: Id } }>('EditMessage', { input: edit })
  expect(edited).toMatchObject({ editMessage: { message: { content: 'Hello there', replaces: { id: message.id } } } })
  await all(ada.follows(edited.editMessage.run))
  type Whole = { conversation: { messages: Page<{ content: string } & Id> } }
  const whole = await runs<Whole>('WholeConversation', { id: conversation.id })
  const said = whole.conversation.messages.edges.map(({ node }) => node)
  expect(said.map(({ content }) => content)).toEqual(['Hello there', 'Yes.'])
  await runs('RateMessage', { messageId: said[1]?.id, feedback: 'UP' })

  const { createTask } = await runs<{ createTask: { task: Id } }>('CreateTask', { title: 'Milk', dueOn: '2026-12-01' })
  await runs('UpdateTask', { input: { taskId: createTask.task.id, completed: true } })
  expect(await runs('Tasks', { status: 'DONE' })).toMatchObject({
    tasks: { totalCount: 1, edges: [{ node: { title: 'Milk' } }] },
  })
  const changing = setInterval(
    () => void ada.mutate('mutation { createTask(input: { title: "x" }) { task { id } } }'),
    200,
  )
  expect(await runs('FollowViewer')).toMatchObject({ viewerEvents: { __typename: 'TaskChanged' } })
  clearInterval(changing)
  await runs('DeleteTask', { taskId: createTask.task.id })
  await runs('CreateConversation', { title: 'Another' })
  await runs('UpdateConversation', { input: { conversationId: conversation.id, pinned: true } })
  expect(await runs('Export', { conversationId: conversation.id })).toMatchObject({ export: { conversations: 1 } })
  expect(await runs('Imports')).toEqual({ imports: [] })
  expect(await runs('Import', { id: '0190a7a0-0000-7000-8000-000000000000' })).toEqual({ import: null })
  expect(await runs('Search', { query: 'hello' })).toMatchObject({ searchMessages: { totalCount: 1 } })
  await runs('DeleteConversation', { conversationId: conversation.id })

  const { createApiKey } = await runs<{ createApiKey: { key: string; apiKey: Id } }>('CreateApiKey', {
    name: 'Robot',
    scopes: ['conversations:read'],
  })
  expect(await runs('ApiKeys')).toMatchObject({ viewer: { apiKeys: [{ id: createApiKey.apiKey.id, name: 'Robot' }] } })
  await runs('RevokeApiKey', { apiKeyId: createApiKey.apiKey.id })
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: await taskOf(ada) } }))
  const asked = await ada.asks('Delete it')
  const [waiting] = (
    await until(ada.follows(asked.run), (it) => it.__typename === 'ToolCallChanged' && waitsForPerson(it))
  ).flatMap((it) => (it.__typename === 'ToolCallChanged' && waitsForPerson(it) ? [it.toolCall.id] : []))
  expect(
    await runs('DecideToolCall', { input: { toolCallId: waiting, decision: 'DENY', reason: 'No' } }),
  ).toMatchObject({
    decideToolCall: { toolCall: { status: 'DENIED', denialReason: 'No' } },
  })
  await all(ada.follows(asked.run))

  expect([...operations.keys()], 'documents that nobody ran').toEqual([])
})

test('who asks is told who they are, what they may, and where tools come from', async () => {
  const app = await startApp()
  const ada = await app.user('ada')
  const answer = await ada.query<Record<string, unknown>>(operation('who-am-i'))
  expect(answer).toMatchObject({
    viewer: {
      id: expect.stringMatching(/^user_/),
      name: 'ada',
      email: ada.email,
      scopes: expect.arrayContaining(['runs:write', 'tasks:read']),
    },
    toolServers: [
      {
        name: 'tasks',
        status: 'CONNECTED',
        error: null,
        tools: expect.arrayContaining([
          expect.objectContaining({ name: 'add_task', readOnly: false, idempotent: false }),
          expect.objectContaining({ name: 'complete_task', readOnly: false, idempotent: true }),
        ]),
      },
      {
        name: 'conversations',
        status: 'CONNECTED',
        error: null,
        tools: expect.arrayContaining([expect.objectContaining({ name: 'read_conversation', readOnly: true })]),
      },
    ],
  })
})

test('a program with a token sends, follows, and goes on behind its last cursor', async () => {
  const { provider, app, ada } = await withPlayedModel()
  provider.plays(says('One', pause, ' two', ' three'))
  const token = await ada.token()
  const post = (query: string, variables: object, accept = 'application/json') =>
    fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, accept },
      body: JSON.stringify({ query, variables }),
    })
  const sent = await (await post(operation('send-message'), { input: { content: 'Count' } })).json()
  const runId = sent.data.sendMessage.run.id
  const seen = await until(ada.follows(runId), (event) => event.__typename === 'MessageDelta')
  provider.resume()
  const response = await post(operation('follow-run'), { runId, after: seen.at(-1)?.cursor }, 'text/event-stream')
  const body = await response.text()
  const deltas = [...body.matchAll(/"delta":"([^"]*)"/g)].map(([, delta]) => delta).join('')
  expect(deltas).toBe(' two three')
  expect(body).toMatch(/"RunEnded".*"status":"COMPLETED".*\n\nevent: complete\n/)
})

test('a replay begins each message empty, and shows it whole at its end', async () => {
  const { provider, ada } = await withPlayedModel()
  provider.plays(...addsTask('buy oat milk'))
  const { run } = await ada.hears('Remind me of oat milk')
  const events = await all(ada.follows(run))
  const started = events.flatMap((it) => (it.__typename === 'MessageStarted' ? [it.message] : []))
  const completed = events.flatMap((it) => (it.__typename === 'MessageCompleted' ? [it.message] : []))
  expect(started).toMatchObject([
    { status: 'STREAMING', content: '', toolCalls: [] },
    { status: 'STREAMING', content: '', toolCalls: [] },
  ])
  expect(completed).toMatchObject([
    { status: 'COMPLETE', content: '', toolCalls: [{ name: 'add_task' }] },
    { status: 'COMPLETE', content: 'Done.', toolCalls: [] },
  ])
  expect(events.at(-1)).toMatchObject({ __typename: 'RunEnded', run: { id: run.id, status: 'COMPLETED' } })
})

test('a page hears of every change to what is its viewer’s, and of nobody else’s', async () => {
  const app = await startApp()
  const [ada, eve] = [await app.user('ada'), await app.user('eve')]
  const notices = ada.notices()
  const next = async () => (await notices.next()).value
  const first = next() // opens the stream
  const addTask = (user: User, title: string) =>
    user.mutate<{ createTask: { task: Id } }>(
      'mutation ($title: String!) { createTask(input: { title: $title }) { task { id } } }',
      { title },
    )
  // Nothing says when the stream listens, so something happens until it hears.
  const knocking = setInterval(() => void addTask(ada, 'knock'), 100)
  expect(await first).toMatchObject({ __typename: 'TaskChanged', task: { title: 'knock' } })
  clearInterval(knocking)

  await addTask(eve, 'hers')
  const { createTask } = await addTask(ada, 'mine')
  const { id } = createTask.task
  await ada.mutate('mutation ($id: ID!) { deleteTask(input: { taskId: $id }) { deletedId } }', { id })
  const { createConversation } = await ada.mutate<{ createConversation: { conversation: Id } }>(
    'mutation { createConversation(input: { title: "New" }) { conversation { id } } }',
  )
  const heard = [await next()]
  while (heard.at(-1)?.__typename !== 'ConversationChanged') heard.push(await next())
  const told = heard.filter((it) => it?.__typename !== 'TaskChanged' || it.task?.title !== 'knock')
  expect(told.at(-1)).toMatchObject({
    conversationId: createConversation.conversation.id,
    conversation: { title: 'New' },
  })
  expect(told.slice(0, -1).every((it) => it?.__typename === 'TaskChanged' && it.taskId === id)).toBe(true)
  expect(told.at(-2)).toEqual({ __typename: 'TaskChanged', taskId: id, task: null })
  await notices.return()
})
