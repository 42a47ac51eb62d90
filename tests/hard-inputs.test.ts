import { beforeAll, describe, expect, test, vi } from 'vitest'
import { internalId } from '../api/ids.ts'
import type { Limits } from '../api/limits.ts'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { engine } from './support/databases.ts'
import { all, until } from './support/events.ts'
import { type InputStep, turnFor } from './support/input-turns.ts'
import { readInputs } from './support/inputs.ts'
import { calls, type ProviderRequest, says, startProvider, type Turn } from './support/scripted-provider.ts'
import { noAnswer, type ScriptedTool, scriptedTools } from './support/scripted-tools.ts'
import type { Api } from './support/strict-request.ts'
import { mcpFile } from './support/tool-boxes.ts'
import { startToolServer } from './support/tool-server.ts'

vi.setConfig({ testTimeout: 120_000 })

/** What has to be right; a name that nobody knows fails. */
type Checks = Partial<{
  assistant_text: string
  text_bytes: number
  run_status: string
  run_error_code: string
  error_says: string
  error_says_not: string
  /** Null: not known. */
  usage_total: number | null
  /** So many, or one of so many. */
  tool_executions: number | number[]
  call_error: string
  result_says: string
  upstream_calls: number
  upstream_calls_max: number
  upstream_bytes_max: number
  min_wait_ms: number
  db_writes_max: number
  assistant_items: number
  /** Every call has its one answer in what the provider is shown. */
  pair_complete: boolean
  blank_message: false
  well_formed: true
  polluted: false
}>

type Loop = { loop: InputStep[][] }
type StreamInput = {
  name: string
  turns: (InputStep[] | [Loop])[]
  /** Where the other wire has words of its own. */
  responses?: InputStep[][]
  messages?: number
  check: Checks
}
type ArgumentsInput = { name: string; tool: string; arguments: string | null; check: Checks }
type OutputInput = { name: string; result?: unknown; neverAnswers?: boolean; calls?: number; check: Checks }

const city = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 1 } },
  required: ['city'],
  additionalProperties: false,
}
const free = { type: 'object', properties: {} }

/** One app and one person for many cases; a conversation for each. */
async function start(api: Api, limits: Partial<Limits> = {}) {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const made: unknown[] = []
  let result: unknown
  const tool = (inputSchema: Record<string, unknown>): ScriptedTool => ({
    annotations: { destructiveHint: false },
    inputSchema,
    run(args) {
      made.push(args)
      return result ?? { content: [{ type: 'text', text: 'fine' }] }
    },
  })
  const tools = { weather: tool(city), time: tool(city), pay: tool(free), list: tool(free) }
  const server = await startToolServer(scriptedTools(tools))
  const file = mcpFile({ mcpServers: { s: { url: server.url } } })
  // Model, server and reader are one process here: a lease must outlast 20,000 tokens on a slow machine.
  const app = await startApp({
    provider,
    api,
    limits: { leaseMilliseconds: 60_000, ...limits },
    env: { PARLEY_MCP_CONFIG: file },
  })
  const ada = await app.user('ada')
  const connected = '{ toolServers { name status } }'
  await vi.waitUntil(
    async () => JSON.stringify(await ada.query(connected)).includes('"name":"s","status":"CONNECTED"'),
    60_000,
  )

  /** Plays the turns, one conversation from the first question to one more that must work, and looks at it. */
  async function play(
    { turns, after }: { turns: Turn[]; after?: Turn },
    check: Checks,
    { messages = 1, afterwards = ['And?'] } = {},
  ) {
    made.length = 0
    provider.plays(...turns)
    if (after) provider.always(after)
    const from = provider.requests.length
    const first = await ada.hears('Go')
    let { run } = first
    const { conversation } = first
    for (let n = 1; n < messages; n++) ({ run } = await ada.hears('Go on', { conversation }))
    const requests = provider.requests.slice(from)
    const kept = await read(conversation.id, run.id)
    await readByChatkit(conversation.id)
    const rows = await rowsOf(run.id)
    // Whatever came: the conversation can go on, and its history is taken.
    provider.always(says('Fine.'))
    for (const words of afterwards) expect((await ada.hears(words, { conversation })).text).toBe('Fine.')
    expect(provider.refusals.splice(0)).toEqual([])
    look(check, { kept, requests, rows, made, last: provider.requests.at(-1) })
  }

  async function read(conversationId: string, runId: string): Promise<Kept> {
    const { conversation, run } = await ada.query<{
      conversation: { messages: { edges: { node: KeptMessage }[] } }
      run: KeptRun
    }>(
      `query ($conversationId: ID!, $runId: ID!) {
        conversation(id: $conversationId) { messages(first: 100) { edges { node {
          id role content run { id } toolCalls { status error { code } result }
        } } } }
        run: node(id: $runId) { ... on Run { id status error { code message } usage { inputTokens outputTokens } } }
      }`,
      { conversationId, runId },
    )
    return {
      run,
      messages: conversation.messages.edges.map(({ node }) => node).filter((it) => it.role === 'ASSISTANT'),
    }
  }

  /** What one door can show, the other can. */
  async function readByChatkit(thread_id: string): Promise<void> {
    const items = await ada.chatkit({ type: 'items.list', params: { thread_id, order: 'asc', limit: 50 } })
    expect(items.status).toBe(200)
    expect(JSON.stringify(await items.json())).toContain('Go')
  }

  async function rowsOf(runId: string): Promise<number> {
    const rows = await app.database.units
      .asSystem()
      .execute<object[]>('select 1 from run_event where run_id = ?', [internalId('run', runId)])
    return rows.length
  }

  const answers = (given: unknown) => {
    result = given
  }
  return { provider, ada, play, answers, nameOf: (name: string) => `s__${name}` }
}

type KeptRun = {
  id: string
  status: string
  error: { code: string; message: string } | null
  usage: { inputTokens: number; outputTokens: number } | null
}
type KeptMessage = {
  id: string
  role: string
  content: string
  run: { id: string } | null
  toolCalls: { status: string; error: { code: string } | null; result: unknown }[]
}
type Kept = { run: KeptRun; messages: KeptMessage[] }
type Seen = {
  kept: Kept
  requests: ProviderRequest[]
  rows: number
  made: unknown[]
  last: ProviderRequest | undefined
}

function look(checks: Checks, { kept: { run, messages }, requests, rows, made, last }: Seen): void {
  const mine = messages.filter((it) => it.run?.id === run.id)
  const text = mine.map((it) => it.content).join('')
  const toolCalls = mine.flatMap((it) => it.toolCalls)
  const outputs = last?.transcript.filter((it) => 'output' in it) ?? []
  const known: { [Name in keyof Checks]-?: (wanted: NonNullable<Checks[Name]> | null) => void } = {
    assistant_text: (wanted) => expect(text).toBe(wanted),
    text_bytes: (wanted) => expect(Buffer.byteLength(text)).toBe(wanted),
    run_status: (wanted) => expect(run.status).toBe(wanted),
    run_error_code: (wanted) => expect(run.error?.code).toBe(wanted),
    error_says: (wanted) => expect(run.error?.message).toContain(wanted),
    error_says_not: (wanted) => expect(run.error?.message).not.toMatch(new RegExp(`${wanted}`)),
    usage_total: (wanted) => expect(run.usage && run.usage.inputTokens + run.usage.outputTokens).toBe(wanted),
    tool_executions: (wanted) => expect([wanted].flat()).toContain(made.length),
    call_error: (wanted) => expect(new Set(toolCalls.map((it) => it.error?.code))).toEqual(new Set([wanted])),
    result_says: (wanted) => expect(outputs.every((it) => it.output.includes(`${wanted}`))).toBe(true),
    upstream_calls: (wanted) => expect(requests).toHaveLength(wanted ?? 0),
    upstream_calls_max: (wanted) => expect(requests.length).toBeLessThanOrEqual(wanted ?? 0),
    upstream_bytes_max: (wanted) =>
      expect(Math.max(...requests.map(({ body }) => JSON.stringify(body).length))).toBeLessThanOrEqual(wanted ?? 0),
    min_wait_ms: (wanted) => expect((requests[1]?.at ?? 0) - (requests[0]?.at ?? 0)).toBeGreaterThan(wanted ?? 0),
    db_writes_max: (wanted) => expect(rows).toBeLessThanOrEqual(wanted ?? 0),
    assistant_items: (wanted) => expect(new Set(messages.map(({ id }) => id)).size).toBe(wanted),
    pair_complete: () => expect(outputs).toHaveLength(toolCalls.length),
    blank_message: () => {
      expect(messages.filter((it) => it.content.trim() === '' && it.toolCalls.length === 0)).toEqual([])
      expect(`${text}${run.error?.message ?? ''}`).not.toBe('')
    },
    well_formed: () => expect(JSON.stringify({ run, messages })).not.toMatch(/\\u0000|\\ud[89a-f]/i),
    polluted: () => expect([{}.constructor === Object, 'admin' in {}, 'x' in Object]).toEqual([true, false, false]),
  }
  for (const [name, wanted] of Object.entries(checks)) {
    const check = (known as Record<string, (wanted: never) => void>)[name]
    if (!check) throw new Error(`There is no check of this name: ${name}`)
    check(wanted as never)
  }
}

/** The embedded database hears one wire, PostgreSQL the other: nothing here is about both at once. */
const wires: Api[] = [engine() === 'pglite' ? 'responses' : 'chat']

describe.each(wires)('over %s', (api) => {
  let app: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    app = await start(api)
  })

  describe('an answer of the model', () => {
    test.each(readInputs<StreamInput>('model-streams'))('$name', async ({ turns, responses, messages, check }) => {
      const { play, nameOf } = app
      const played = (api === 'responses' ? responses : undefined) ?? turns
      const steady = played.flatMap((turn) => turn.flatMap((step) => ('loop' in step ? step.loop : [])))
      const scripted = played.flatMap((turn) => (isLoop(turn) ? [] : [turnFor(turn, api, nameOf)]))
      const after = steady[0] ? turnFor(steady[0], api, nameOf) : undefined
      await play({ turns: scripted, ...(after && { after }) }, check, { messages })
    })
  })

  describe('the arguments of a call', () => {
    test.each(readInputs<ArgumentsInput>('tool-arguments'))('$name', async ({ tool, arguments: text, check }) => {
      const { play, nameOf } = app
      const name = tool === 'no_such_tool' ? tool : nameOf(tool)
      const piece = { index: 0, id: 'c1', function: { name, ...(text !== null && { arguments: text }) } }
      const turn = turnFor([{ delta: { tool_calls: [piece] } }, { delta: {}, finish: 'tool_calls' }], api, (it) => it)
      await play({ turns: [turn, says('Done.')] }, { assistant_text: 'Done.', run_status: 'COMPLETED', ...check })
    })
  })

  describe('the result of a tool', () => {
    test.each(readInputs<OutputInput>('tool-outputs').filter((it) => !it.neverAnswers))(
      '$name',
      async ({ result, calls: count = 1, check }) => {
        const { play, nameOf, answers } = app
        answers(result)
        const asked = Array.from({ length: count }, () => ({ name: nameOf('weather'), arguments: { city: 'Oslo' } }))
        await play(
          { turns: [calls(...asked), says('Done.')] },
          { tool_executions: count, ...check },
          { afterwards: ['And?', 'Thanks.'] },
        )
        answers(undefined)
      },
    )
  })

  test('a tool that never answers ends at its time, and a stop reaches it before', async () => {
    const [input] = readInputs<OutputInput>('tool-outputs').filter((it) => it.neverAnswers)
    const { play, ada, provider, nameOf, answers } = await start(api, { toolSeconds: 1 })
    answers(noAnswer)
    const asked = calls({ name: nameOf('weather'), arguments: { city: 'Oslo' } })
    await play({ turns: [asked, says('Done.')] }, { tool_executions: 1, ...input?.check })
    provider.plays(asked)
    const { run, conversation } = await ada.asks('Again')
    await until(ada.follows(run), (it) => it.__typename === 'ToolCallChanged' && it.toolCall.status === 'RUNNING')
    await ada.stops(run)
    expect((await all(ada.follows(run))).slice(-2)).toMatchObject([
      { toolCall: { status: 'CANCELLED' } },
      { run: { status: 'STOPPED' } },
    ])
    provider.always(says('Fine.'))
    for (const words of ['And?', 'Thanks.']) expect((await ada.hears(words, { conversation })).text).toBe('Fine.')
    expect(provider.refusals).toEqual([])
  })
})

function isLoop(turn: InputStep[] | [Loop]): turn is [Loop] {
  return turn.length === 1 && turn[0] !== undefined && 'loop' in turn[0]
}
