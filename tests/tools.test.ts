import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { ProcessBell } from '../api/bell/bell.ts'
import { Conversation } from '../api/conversations/conversation.entity.ts'
import { Message } from '../api/conversations/message.entity.ts'
import { publicId } from '../api/ids.ts'
import { standardLimits } from '../api/limits.ts'
import { addTask, listTasks } from '../api/tasks/tasks.ts'
import { createToolboxes } from '../api/tools/mcp-toolbox.ts'
import { createServer } from '../api/tools/server/server.ts'
import { openDatabase } from './support/databases.ts'
import { storedUser } from './support/stored-user.ts'

const { units, ...database } = await openDatabase()
const bell = new ProcessBell()
const toolboxes = createToolboxes({ units, bell, limits: standardLimits })
afterAll(() => toolboxes.close())
const never = new AbortController().signal

const Shape = z.strictObject({
  id: z.string().startsWith('task_'),
  title: z.string(),
  notes: z.string().nullable(),
  due_on: z.string().nullable(),
  completed: z.boolean(),
})
const One = z.strictObject({ task: Shape })
const Many = z.strictObject({ tasks: z.array(Shape), more: z.boolean() })

/** Someone new, and what the model can do for them. */
async function person(name: string) {
  const viewer = await storedUser(database, name)
  const toolbox = await toolboxes.open(viewer)
  const call = (calledAs: string, args: unknown = {}) =>
    toolbox.call({ calledAs, argumentsText: JSON.stringify(args), approved: true }, never)
  /** The structured content, which the text repeats for who reads no structure. */
  const done = async (calledAs: string, args?: unknown) => {
    const result = await call(calledAs, args)
    if (!result.ok) throw new Error(result.text)
    expect(JSON.parse(result.text)).toEqual(result.structured)
    return result.structured
  }
  return {
    viewer,
    toolbox,
    call,
    adds: async (args: unknown) => One.parse(await done('add_task', args)).task,
    changes: async (args: unknown) => One.parse(await done('update_task', args)).task,
    completes: async (task_id: string) => One.parse(await done('complete_task', { task_id })).task,
    lists: async (args?: unknown) => Many.parse(await done('list_tasks', args)),
    titles: async (args?: unknown) => Many.parse(await done('list_tasks', args)).tasks.map(({ title }) => title),
    stored: async () => (await listTasks(units.as(viewer), viewer, {})).nodes,
  }
}

describe('the built-in tools', () => {
  test('are seven for people, each saying what it does to things', async () => {
    const { viewer } = await person('ada')
    const servers = await toolboxes.servers(viewer)
    expect(servers.map(({ name, status, error }) => [name, status, error])).toEqual([
      ['tasks', 'CONNECTED', null],
      ['conversations', 'CONNECTED', null],
    ])
    expect(
      servers
        .flatMap(({ tools }) => tools)
        .map((it) => [it.name, it.title, it.readOnly, it.idempotent, it.destructive, it.needsApproval]),
    ).toEqual([
      ['add_task', 'Add task', false, false, false, false],
      ['list_tasks', 'List tasks', true, true, false, false],
      ['update_task', 'Change task', false, true, false, false],
      ['complete_task', 'Complete task', false, true, false, false],
      ['delete_task', 'Delete task', false, true, true, true],
      ['search_conversations', 'Search conversations', true, true, false, false],
      ['read_conversation', 'Read conversation', true, true, false, false],
    ])
  })

  test('are all offered to the model, by names and schemas that every model takes', async () => {
    const { toolbox, viewer } = await person('ada')
    const offered = toolbox.offered()
    expect(offered.map(({ calledAs }) => calledAs)).toEqual([
      ...['add_task', 'list_tasks', 'update_task', 'complete_task', 'delete_task'],
      ...['search_conversations', 'read_conversation'],
    ])
    for (const { calledAs, name, description, inputSchema } of offered) {
      expect(calledAs).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
      expect(name).toBe(calledAs)
      expect(description).not.toBe('')
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false })
      expect(inputSchema).not.toHaveProperty('$schema')
      expect(JSON.stringify(inputSchema)).not.toMatch(/user|owner|viewer/i)
      expect(JSON.stringify(offered)).not.toContain(viewer.id)
    }
  })

  test('add a task', async () => {
    const ada = await person('ada')
    const task = await ada.adds({ title: ' buy oat milk ', notes: 'two', due_on: '2027-03-05' })
    expect(task).toEqual({ id: task.id, title: 'buy oat milk', notes: 'two', due_on: '2027-03-05', completed: false })
    expect(await ada.adds({ title: 'call Bob', notes: null, due_on: null })).toMatchObject({
      notes: null,
      due_on: null,
    })
    expect((await ada.stored()).map(({ id, title }) => [publicId('task', id), title])).toContainEqual([
      task.id,
      'buy oat milk',
    ])
  })

  test('change, complete and open a task again', async () => {
    const ada = await person('ada')
    const { id: task_id } = await ada.adds({ title: 'buy milk', notes: 'two', due_on: '2027-03-05' })
    expect(await ada.changes({ task_id, title: 'buy oat milk', due_on: null })).toEqual({
      id: task_id,
      title: 'buy oat milk',
      notes: 'two',
      due_on: null,
      completed: false,
    })
    expect(await ada.completes(task_id)).toMatchObject({ completed: true })
    expect(await ada.completes(task_id)).toMatchObject({ completed: true })
    expect(await ada.changes({ task_id, completed: false, notes: null })).toMatchObject({
      completed: false,
      notes: null,
    })
  })

  test('list tasks: the open ones, the done ones, all, or those with certain words', async () => {
    const ada = await person('ada')
    const { id } = await ada.adds({ title: 'buy milk' })
    await ada.adds({ title: 'call Bob', notes: 'about the milk' })
    await ada.completes(id)
    expect(await ada.titles()).toEqual(['call Bob'])
    expect(await ada.titles({ status: 'done' })).toEqual(['buy milk'])
    expect(await ada.titles({ status: 'all', words: 'MILK' })).toEqual(['call Bob', 'buy milk'])
    expect(await ada.lists({ words: 'nothing like it' })).toEqual({ tasks: [], more: false })
  })

  test('list no more than can be read, and say that there is more', async () => {
    const ada = await person('ada')
    const em = units.as(ada.viewer)
    for (let at = 0; at < 51; at++) await addTask(em, ada.viewer, bell, { title: `short ${at}` }, standardLimits)
    const many = await ada.lists()
    expect([many.tasks.length, many.more]).toEqual([50, true])
    for (let at = 0; at < 4; at++)
      await addTask(em, ada.viewer, bell, { title: `long ${at}`, notes: '🥛'.repeat(10_000) }, standardLimits)
    const long = await ada.lists({ words: 'long' })
    expect([long.tasks.map(({ title }) => title), long.more]).toEqual([['long 3'], true])
  })

  test('work side by side', async () => {
    const ada = await person('ada')
    const titles = Array.from({ length: 6 }, (_, at) => `task ${at}`)
    await Promise.all([...titles.map((title) => ada.adds({ title })), ada.lists()])
    expect((await ada.titles()).toSorted()).toEqual(titles)
  })

  test('ring for their user', async () => {
    const ada = await person('ada')
    const end = new AbortController()
    const ears = bell.listen(`user:${ada.viewer.id}`, end.signal)
    await ada.adds({ title: 'buy milk' })
    const [stored] = await ada.stored()
    expect(await ears.next()).toEqual([`task:${stored?.id}`])
    end.abort()
  })
})

describe('what the model gets wrong', () => {
  test.each([
    ['add_task', 'title', {}],
    ['add_task', 'title', { title: '' }],
    ['add_task', 'title: must not be blank', { title: '  ' }],
    ['add_task', 'title: must have at most 1,000 characters', { title: 'x'.repeat(1_001) }],
    ['add_task', 'notes: must have at most 10,000 characters', { title: 'x', notes: 'x'.repeat(10_001) }],
    ['add_task', 'due_on must match pattern', { title: 'x', due_on: 'Friday' }],
    ['add_task', 'due_on: must be a day of the calendar, as YYYY-MM-DD', { title: 'x', due_on: '2027-02-30' }],
    ['add_task', '"user_id"', { title: 'x', user_id: 'someone' }],
    ['add_task', '"id"', { title: 'x', id: 'task_0' }],
    ['add_task', '"dueOn"', { title: 'x', dueOn: '2027-01-01' }],
    ['list_tasks', 'status must be equal to one of the allowed values: ["open","done","all"]', { status: 'OPEN' }],
    ['list_tasks', 'words: must have at most 200 characters', { words: 'x'.repeat(201) }],
    ['update_task', 'title must be string', { task_id: 'x', title: null }],
    ['update_task', 'completed must be boolean', { task_id: 'x', completed: 'yes' }],
    ['complete_task', 'task_id must be string', { task_id: 7 }],
  ])('%s is told: %s', async (name, reason, args) => {
    const ada = await person('ada')
    const result = await ada.call(name, args)
    expect(result).toMatchObject({ ok: false, code: 'TOOL_BAD_ARGUMENTS' })
    expect(result.text).toContain(reason)
    expect(await ada.stored()).toEqual([])
  })

  test('a task of someone else, one that never was and one that is no id are told alike, and nothing happens', async () => {
    const [ada, eve] = await Promise.all([person('ada'), person('eve')])
    const { id } = await ada.adds({ title: 'secret' })
    const foreign = [id, publicId('task', eve.viewer.id), id.replace('task_', 'conv_'), id.slice(5), 'secret', '']
    for (const task_id of foreign)
      for (const [name, more] of [
        ['update_task', { title: 'mine' }],
        ['complete_task', {}],
      ] as const)
        expect(await eve.call(name, { task_id, ...more })).toEqual({
          ok: false,
          code: 'TOOL_FAILED',
          message: 'There is no such task.',
          text: 'There is no such task.',
        })
    expect(await eve.lists({ status: 'all' })).toEqual({ tasks: [], more: false })
    expect(await ada.lists()).toMatchObject({ tasks: [{ title: 'secret', completed: false }] })
  })

  test('a tool that nobody knows is answered with those that there are', async () => {
    const ada = await person('ada')
    const result = await ada.call('burn_task', {})
    expect(result).toMatchObject({ ok: false, code: 'TOOL_NOT_FOUND' })
    expect(result.text).toBe(
      'There is no tool "burn_task". There is: add_task, list_tasks, update_task, complete_task, delete_task, ' +
        'search_conversations, read_conversation.',
    )
  })
})

describe('the server itself', () => {
  /** Speaks the protocol by hand, as any client may. */
  async function wire(viewer: Parameters<typeof createServer>[0]['viewer'], from = units) {
    const [ours, theirs] = InMemoryTransport.createLinkedPair()
    await createServer({ units: from, viewer, bell, limits: standardLimits }).connect(theirs)
    const client = new Client({ name: 'any', version: '1' })
    await client.connect(ours)
    return client
  }

  test('deletes for a client that asks its own person first, and says what it deleted', async () => {
    const ada = await person('ada')
    const eve = await person('eve')
    const [task, kept] = [await ada.adds({ title: 'buy milk' }), await ada.adds({ title: 'call Bob' })]
    const client = await wire(ada.viewer)
    await client.listTools() // from now on the client holds results against the schemas
    expect(await client.callTool({ name: 'delete_task', arguments: { task_id: task.id } })).toMatchObject({
      structuredContent: { deleted: task },
    })
    const gone = { isError: true, content: [{ type: 'text', text: 'There is no such task.' }] }
    expect(await client.callTool({ name: 'delete_task', arguments: { task_id: task.id } })).toMatchObject(gone)
    const foreign = { name: 'delete_task', arguments: { task_id: kept.id } }
    expect(await (await wire(eve.viewer)).callTool(foreign)).toMatchObject({
      ...gone,
      _meta: { 'parley/errorCode': 'NOT_FOUND' },
    })
    expect(await ada.titles()).toEqual(['call Bob'])
  })

  test('promises for each tool what its results look like', async () => {
    const ada = await person('ada')
    const { tools } = await (await wire(ada.viewer)).listTools()
    for (const { outputSchema, annotations } of tools) {
      expect(outputSchema).toMatchObject({ type: 'object', additionalProperties: false })
      expect(annotations).toMatchObject({ openWorldHint: false })
    }
  })

  test('keeps its inner troubles to itself', async () => {
    const ada = await person('ada')
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const broken = {
      ...units,
      as: () => {
        throw new Error('password of the database')
      },
    }
    const client = await wire(ada.viewer, broken)
    const result = await client.callTool({ name: 'add_task', arguments: { title: 'x' } })
    const said = log.mock.calls.flat().join()
    const [, id = ''] = /^mcp error (\S{36}): the tool add_task failed: password of the database$/.exec(said) ?? []
    expect(result).toMatchObject({
      ...{ isError: true, content: [{ type: 'text', text: `The tool failed. Error id: ${id}` }] },
      _meta: { 'parley/errorCode': 'INTERNAL_SERVER_ERROR', 'parley/errorId': id },
    })
    expect(JSON.stringify(result)).not.toContain('password')
    log.mockClear()
    const refused = await client.listResources().catch((error: unknown) => error)
    const [, other] = /^mcp error (\S{36}): reading a resource failed/.exec(log.mock.calls.flat().join()) ?? []
    expect(refused).toMatchObject({ data: { code: 'INTERNAL_SERVER_ERROR', errorId: other } })
    log.mockRestore()
  })

  test('refuses without a check of ours what is not in its schema', async () => {
    const ada = await person('ada')
    const client = await wire(ada.viewer)
    const args = { title: 'x', user_id: 'someone' }
    expect(await client.callTool({ name: 'add_task', arguments: args })).toMatchObject({ isError: true })
    expect(await ada.stored()).toEqual([])
  })
})

describe('conversations', () => {
  /** Someone whose conversation this is: what they and the assistant said in turn. */
  async function personWhoSaid(name: string, ...said: string[]) {
    const someone = await person(name)
    const em = units.as(someone.viewer)
    const { id: userId } = someone.viewer
    const conversation = em.create(Conversation, { userId, title: 'Trip to Lisbon', lastSequence: said.length })
    said.forEach((content, at) => {
      const role = at % 2 === 0 ? ('USER' as const) : ('ASSISTANT' as const)
      em.create(Message, {
        ...{ userId, conversationId: conversation.id, sequence: at + 1, role, status: 'COMPLETE', content },
      })
    })
    await em.flush()
    return { ...someone, conversation_id: publicId('conv', conversation.id) }
  }

  test('are found by what was said', async () => {
    const ada = await personWhoSaid('ada', 'Where do I stay?', 'Many hotels are near the river.')
    const { structured } = (await ada.call('search_conversations', { query: 'hotel rivers' })) as {
      structured: unknown
    }
    expect(structured).toMatchObject({
      found: [
        {
          ...{ conversation_id: ada.conversation_id, title: 'Trip to Lisbon', number: 2, role: 'assistant' },
          passage: 'Many hotels are near the river.',
        },
      ],
      more: false,
    })
    const eve = await person('eve')
    expect(await eve.call('search_conversations', { query: 'hotel' })).toMatchObject({ structured: { found: [] } })
    expect(await ada.call('search_conversations', { query: '  ' })).toMatchObject({
      ...{ code: 'TOOL_BAD_ARGUMENTS', text: 'query: must not be blank' },
    })
  })

  test('are read from the beginning, in pieces that a model can take', async () => {
    const long = Array.from({ length: 60 }, (_, at) => `${at} `.repeat(400))
    const ada = await personWhoSaid('ada', 'Hello', '', 'Hello again', ...long)
    const read = async (after?: number) => {
      const args = { conversation_id: ada.conversation_id, ...(after !== undefined && { after }) }
      const result = await ada.call('read_conversation', args)
      if (!result.ok) throw new Error(result.text)
      return result.structured as { messages: { number: number; text: string; role: string }[]; more: boolean }
    }
    const first = await read()
    expect(first).toMatchObject({
      ...{ conversation_id: ada.conversation_id, title: 'Trip to Lisbon', more: true },
      messages: expect.arrayContaining([expect.objectContaining({ number: 1, role: 'user', text: 'Hello' })]),
    })
    expect(JSON.stringify(first).length).toBeLessThan(30_000)
    const numbers = [...first.messages]
    for (let more = first.more; more; ) {
      const next = await read(numbers.at(-1)?.number)
      numbers.push(...next.messages)
      more = next.more
    }
    expect(numbers.map(({ number }) => number)).toEqual([1, ...Array.from({ length: 61 }, (_, at) => at + 3)])
  })

  test('with one message that is too long are read all the same', async () => {
    const ada = await personWhoSaid('ada', '🥛'.repeat(30_000), 'Yes')
    const { conversation_id } = ada
    expect(await ada.call('read_conversation', { conversation_id })).toMatchObject({
      structured: { messages: [{ number: 1, text: expect.stringContaining('[Cut here') }], more: true },
    })
    expect(await ada.call('read_conversation', { conversation_id, after: 1 })).toMatchObject({
      structured: { messages: [{ number: 2, text: 'Yes' }], more: false },
    })
  })

  test('of someone else are as if they were not there', async () => {
    const [ada, eve] = [await personWhoSaid('ada', 'secret'), await person('eve')]
    const gone = { ok: false, code: 'TOOL_FAILED', message: 'There is no such conversation.' }
    for (const conversation_id of [ada.conversation_id, publicId('conv', eve.viewer.id), 'conv_x', ''])
      expect(await eve.call('read_conversation', { conversation_id })).toMatchObject(gone)
  })
})
