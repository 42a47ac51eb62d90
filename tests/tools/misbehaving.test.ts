import { beforeAll, describe, expect, test, vi } from 'vitest'
import type { Toolbox } from '../../api/tools/toolbox.ts'
import { misbehavingServer, oddNames } from '../support/misbehaving-tools.ts'
import { child, toolboxesOver } from '../support/tool-boxes.ts'
import { startToolServer } from '../support/tool-server.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const never = new AbortController().signal
const limits = { toolSeconds: 3, toolTotalSeconds: 12, breakerFailures: 100 }

/** What each of them comes to, whatever the way to its server. */
const outcomes: [tool: string, result: object][] = [
  ['wordy', { ok: true, text: 'short' }],
  [
    'two_megabytes',
    { ok: true, text: expect.stringMatching(/\n\[Cut here: the result is longer than 1048576 bytes\.\]$/) },
  ],
  ['half_a_megabyte', { ok: true, text: 'x'.repeat(500_000) }],
  ['half_a_character', { ok: true, text: 'a\ufffdb' }],
  ['poisoned', { ok: true, structured: { a: 1 } }],
  ['deep', { ok: false, code: 'TOOL_BAD_RESULT', text: expect.stringContaining('nested too deeply') }],
  ['no_result', { ok: false, code: 'TOOL_BAD_RESULT' }],
  ['no_known_kind', { ok: false, code: 'TOOL_BAD_RESULT' }],
  ['empty', { ok: true, text: '' }],
  ['promised', { ok: false, code: 'TOOL_BAD_RESULT', text: expect.stringContaining('sunny must be boolean') }],
  ['throws', { ok: false, code: 'TOOL_FAILED', text: expect.stringContaining('boom') }],
  ['fails', { ok: false, code: 'TOOL_FAILED', text: 'no such city' }],
  ['address', { ok: true, text: '[page: http://127.0.0.1:9/?secret=1]' }],
  ['answers_twice', { ok: true, text: 'first' }],
  ['answers_others', { ok: true, text: 'its own' }],
  ['asks', { ok: true, text: 'all refused' }],
]

/** Those that take their time: tried once, side by side with all others. */
const slowOutcomes: typeof outcomes = [
  ['silent', { ok: false, code: 'TOOL_TIMEOUT', text: expect.stringContaining('did not answer within 3 s') }],
  ['reports', { ok: true, text: 'done' }],
  ['reports_for_ever', { ok: false, code: 'TOOL_TIMEOUT', text: expect.stringContaining('still at work after 12 s') }],
]

async function overHttp(json: boolean) {
  const server = await startToolServer(misbehavingServer(), { json })
  const toolbox = await toolboxesOver({ odd: { url: server.url } }, { limits }).ready()
  // Its own questions come over a stream that has to be there first.
  await vi.waitUntil(() => server.requests.some(({ method }) => method === 'GET'), { timeout: 50_000 })
  return toolbox
}

const ways: [string, () => Promise<Toolbox>][] = [
  ['standard streams', () => toolboxesOver({ odd: child('misbehaves') }, { limits }).ready()],
  ['HTTP with streams', () => overHttp(false)],
  ['HTTP with plain JSON', () => overHttp(true)],
]

describe.each(ways)('a server that does everything wrong, over %s', (_, open) => {
  let toolbox: Toolbox
  beforeAll(async () => {
    toolbox = await open()
  })
  const specOf = (name: string) => toolbox.offered().find((it) => it.name === name)
  const call = (name: string) =>
    toolbox.call({ calledAs: specOf(name)?.calledAs ?? '', argumentsText: '{}', approved: true }, never)

  test('has its tools under names that every model takes, and each call reaches the one that is meant', async () => {
    const names = oddNames.map((name) => specOf(name)?.calledAs ?? 'left out')
    expect(new Set(names).size).toBe(oddNames.length)
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    const answers = await Promise.all(oddNames.map(call))
    expect(answers.map(({ text }) => text)).toEqual(oddNames.map((name) => `This is ${JSON.stringify(name)}.`))
  })

  test('is described in bounded words', () => {
    const { description = '' } = specOf('wordy') ?? {}
    expect(Buffer.byteLength(description)).toBeLessThanOrEqual(4_096)
    expect(description).toMatch(/^d d .* … \(cut\)$/)
  })

  test.each(outcomes)('%s', async (name, result) => {
    expect(await call(name)).toMatchObject(result)
    expect('admin' in {}).toBe(false)
  })

  test('is as good as before, with all of that at once', async () => {
    const all = [...slowOutcomes, ...outcomes]
    const results = await Promise.all(all.map(([name]) => call(name)))
    expect(results).toMatchObject(all.map(([, result]) => result))
    expect(await call('good_one')).toMatchObject({ text: 'This is "good_one".' })
  })

  test('that answers without an end has failed that call alone, and is back by itself', async () => {
    const result = await call('endless')
    expect(result).toMatchObject({ ok: false, code: expect.stringMatching(/^TOOL_(BAD_RESULT|UNAVAILABLE|TIMEOUT)$/) })
    await expect.poll(async () => (await call('good_one')).ok, { timeout: 30_000 }).toBe(true)
  })
})
