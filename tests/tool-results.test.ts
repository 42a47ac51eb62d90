import { beforeAll, expect, test, vi } from 'vitest'
import { standardLimits } from '../api/limits.ts'
import { startApp, type TestApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { asked, decides } from './support/deciding.ts'
import { calls, type Provider, says, startProvider } from './support/scripted-provider.ts'
import { scriptedTools, text } from './support/scripted-tools.ts'
import { mcpFile } from './support/tool-boxes.ts'
import { startToolServer } from './support/tool-server.ts'
import type { User } from './support/user.ts'

vi.setConfig({ testTimeout: 60_000 })

const { toolResultBytes, toolCallsPerStep } = standardLimits

const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const image = (data: string, mimeType = 'image/png') => ({ type: 'image', mimeType, data })
const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')

let app: TestApp
let provider: Provider
let ada: User
let file: string
beforeAll(async () => {
  const long = 'ä'.repeat(100_000)
  const tools = {
    paint: {
      run: () => ({
        content: [
          { type: 'text', text: 'Look:' },
          image(pixel, 'image/svg+xml'),
          image(svg),
          { type: 'resource_link', name: 'page', title: 'A page', uri: 'https://evil.test/?data=1' },
          { type: 'audio', mimeType: 'audio/wav', data: 'AAAA' },
        ],
      }),
    },
    many: { run: () => ({ content: Array(25).fill(image(pixel)) }) },
    long: { run: () => text(`${long}the end`) },
    endless: { run: () => text('x'.repeat(1_048_577)) },
    atLimit: { run: () => text('x'.repeat(toolResultBytes)) },
    overLimit: { run: () => text('x'.repeat(toolResultBytes + 1)) },
  }
  const { url } = await startToolServer(scriptedTools(tools))
  provider = await startProvider()
  cleanUp(() => provider.close())
  file = mcpFile({ mcpServers: { web: { url, needsApproval: 'never' } } })
  app = await startApp({ provider, env: { PARLEY_MCP_CONFIG: file } })
  ada = await app.user('ada')
  await connected(ada)
}, 60_000)

async function connected(user: User): Promise<void> {
  const servers = async () => JSON.stringify(await user.query('{ toolServers { name status } }'))
  await vi.waitUntil(async () => (await servers()).includes('"web","status":"CONNECTED"'), { timeout: 50_000 })
}

/** The id of a call of this tool, made and finished. */
async function used(name: string, args: Record<string, unknown> = {}, by = ada): Promise<string> {
  provider.plays(calls({ name, arguments: args }), says('Done.'))
  const { events } = await by.hears('Go')
  const ended = events.findLast((it) => it.__typename === 'ToolCallChanged')
  return ended?.__typename === 'ToolCallChanged' ? ended.toolCall.id : ''
}

const shownToModel = () => JSON.stringify(provider.requests.at(-1)?.transcript)

test('pictures are kept for people and named for the model; addresses are text', async () => {
  const id = await used('web__paint')
  const document = `query ($id: ID!) { node(id: $id) { ... on ToolCall {
    result resultTruncated resultParts { kind title uri mimeType bytes image }
  } } }`
  const nothing = { title: null, uri: null, mimeType: null, bytes: null, image: null }
  const { node } = await ada.query<{ node: unknown }>(document, { id })
  expect(node).toEqual({
    result:
      'Look:\n[image: image/svg+xml]\n[image: image/png]\n[A page: https://evil.test/?data=1]\n[audio: audio/wav]',
    resultTruncated: false,
    resultParts: [
      // What it is was looked at; what its server calls it does not count.
      { ...nothing, kind: 'IMAGE', mimeType: 'image/png', bytes: 70, image: pixel },
      { ...nothing, kind: 'IMAGE', mimeType: 'image/png', bytes: 41 },
      { ...nothing, kind: 'LINK', title: 'A page', uri: 'https://evil.test/?data=1' },
      { ...nothing, kind: 'AUDIO', mimeType: 'audio/wav', bytes: 3 },
    ],
  })
  expect(shownToModel()).toContain('[image: image/svg+xml]')
  expect(shownToModel()).not.toContain(pixel)
  const eve = await app.user('eve')
  expect(await eve.query(document, { id })).toEqual({ node: null })
})

test('twenty pictures are enough for one request', async () => {
  const id = await used('web__many')
  const query = (field: string) => `query ($id: ID!) { ${field} }`
  const images = 'node(id: $id) { ... on ToolCall { resultParts { kind image } } }'
  const { node } = await ada.query<{ node: { resultParts: unknown[] } }>(query(images), { id })
  expect(node.resultParts).toEqual(Array(20).fill({ kind: 'IMAGE', image: pixel }))
  await expect(ada.query(query(`${images} again: ${images}`), { id })).rejects.toMatchObject({
    code: 'QUERY_TOO_COMPLEX',
  })
})

test('what is too long for the model is cut there with a mark, and read whole by people, piece by piece', async () => {
  const id = await used('web__long')
  expect(shownToModel()).not.toContain('the end')
  expect(shownToModel()).toMatch(/shortened/i)
  expect(await readWhole(ada, id)).toBe(`${'ä'.repeat(100_000)}the end`)
})

test('however little of it the model is shown, people read all of it', async () => {
  const bea = await (
    await startApp({ provider, limits: { toolResultBytes: 1_000 }, env: { PARLEY_MCP_CONFIG: file } })
  ).user('bea')
  await connected(bea)
  const id = await used('web__atLimit', {}, bea)
  expect(shownToModel().length).toBeLessThan(5_000)
  expect(await readWhole(bea, id)).toBe('x'.repeat(toolResultBytes))
})

/** As the page does it: what is shown, and then on from there. */
async function readWhole(user: User, id: string): Promise<string> {
  const piece = async (offset: number) => {
    const { node } = await user.query<{ node: { result: string; resultTruncated: boolean; resultText: string } }>(
      'query ($id: ID!, $offset: Int) { node(id: $id) { ... on ToolCall { result resultTruncated resultText(offset: $offset) } } }',
      { id, offset },
    )
    return node
  }
  const { result, resultTruncated } = await piece(0)
  expect(resultTruncated).toBe(true)
  let whole = result
  for (let more = result; more !== ''; whole += more) more = (await piece(Buffer.byteLength(whole))).resultText
  return whole
}

test('what is more than is kept says so at its end', async () => {
  const id = await used('web__endless')
  const { node } = await ada.query<{ node: { resultText: string } }>(
    'query ($id: ID!) { node(id: $id) { ... on ToolCall { resultText(offset: 1048570) } } }',
    { id },
  )
  expect(node.resultText).toBe('xxxxxx\n[Cut here: the result is longer than 1048576 bytes.]')
})

test('the model is given so much of a result, and not a byte more', async () => {
  await used('web__atLimit')
  const longest = () => Math.max(...(shownToModel().match(/x+/g) ?? []).map((it) => it.length))
  expect(longest()).toBe(toolResultBytes)
  expect(shownToModel()).not.toMatch(/shortened/i)
  await used('web__overLimit')
  expect(longest()).toBeLessThanOrEqual(toolResultBytes)
  expect(shownToModel()).toMatch(/shortened/i)
})

test('so many calls of one step are made, one more is not, and the model can ask for it again', async () => {
  const call = { name: 'web__atLimit', arguments: {} }
  for (const count of [toolCallsPerStep, toolCallsPerStep + 1]) {
    provider.plays(calls(...Array<typeof call>(count).fill(call)), says('Done.'))
    const { events } = await ada.hears('Go')
    const states = new Map<string, string>()
    for (const it of events)
      if (it.__typename === 'ToolCallChanged')
        states.set(it.toolCall.id, `${it.toolCall.status} ${it.toolCall.error?.code ?? ''}`.trim())
    const made = Array(toolCallsPerStep).fill('SUCCEEDED')
    expect([...states.values()].toSorted().toReversed()).toEqual(
      count === toolCallsPerStep ? made : [...made, 'FAILED TOOL_CANCELLED'],
    )
  }
  expect(shownToModel()).toContain(`Only ${toolCallsPerStep} calls are made in one step. Ask for this one again.`)
  expect(provider.refusals).toEqual([])
})

test('a call says by name what it is about, as long as it is about that', async () => {
  const { createTask } = await ada.mutate<{ createTask: { task: { id: string } } }>(
    'mutation { createTask(input: { title: "buy milk" }) { task { id } } }',
  )
  const { id: task_id } = createTask.task
  const subjectOf = async (id: string) => {
    const { node } = await ada.query<{ node: { subject: string | null } }>(
      'query ($id: ID!) { node(id: $id) { ... on ToolCall { subject } } }',
      { id },
    )
    return node.subject
  }
  expect(await subjectOf(await used('update_task', { task_id, title: 'buy oat milk' }))).toBe('buy milk')
  expect(await subjectOf(await used('complete_task', { task_id }))).toBe('buy oat milk')
  expect(await subjectOf(await used('complete_task', { task_id: 'task_x' }))).toBeNull()
  expect(await subjectOf(await used('list_tasks'))).toBeNull()
  const eve = await app.user('eve')
  provider.plays(calls({ name: 'complete_task', arguments: { task_id } }), says('No.'))
  const theirs = await eve.asks('Whose is it?')
  expect(JSON.stringify(await Array.fromAsync(eve.follows(theirs.run)))).not.toContain('oat milk')

  provider.plays(calls({ name: 'delete_task', arguments: { task_id } }), says('Gone.'))
  const sent = await ada.asks('Delete it')
  const [call = ''] = await asked(ada, sent)
  expect(await subjectOf(call)).toBe('buy oat milk')
  await decides(ada, call, { decision: 'APPROVE', arguments: { task_id: 'task_other' } })
  await Array.fromAsync(ada.follows(sent.run))
  expect(await subjectOf(call)).toBeNull()
})
