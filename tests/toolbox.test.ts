import { afterAll, describe, expect, test, vi } from 'vitest'
import type { Units } from '../api/auth/units.ts'
import { ProcessBell } from '../api/bell/bell.ts'
import { standardLimits } from '../api/limits.ts'
import { createToolboxes, type ToolLimits } from '../api/tools/mcp-toolbox.ts'
import { type ScriptedTool, scriptedTools } from './support/scripted-tools.ts'

const viewer = { id: '0199a5c0-0000-7000-8000-000000000001', scopes: [] }
const units: Units = {
  as: () => expect.unreachable('these tools have no database'),
  asSystem: () => expect.unreachable('these tools have no database'),
}
const never = new AbortController().signal
const closings: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of closings) await close()
})

/** A toolbox over a server that plays these tools, over the real protocol. */
async function toolboxOver(tools: Record<string, ScriptedTool>, limits: Partial<ToolLimits> = {}) {
  const toolboxes = createToolboxes({
    units,
    bell: new ProcessBell(),
    limits: { ...standardLimits, ...limits },
    builtIn: () => ({ tasks: scriptedTools(tools) }),
  })
  closings.push(toolboxes.close)
  return toolboxes.open(viewer)
}

const says = (text: string) => ({ content: [{ type: 'text', text }] })

const weather = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 1 } },
  required: ['city'],
  additionalProperties: false,
}

describe('arguments', async () => {
  const run = vi.fn(() => says('sunny'))
  const anything = { inputSchema: { properties: {} }, run }
  const toolbox = await toolboxOver({ weather: { inputSchema: weather, run }, anything })
  const call = (calledAs: string, argumentsText: string) => {
    run.mockClear()
    return toolbox.call({ calledAs, argumentsText, approved: true }, never)
  }

  test.each([
    ['weather', '{"city":"Oslo"}', { city: 'Oslo' }],
    ['weather', ' {"days":3,"city":"Oslo"}\n', { city: 'Oslo', days: 3 }],
    ['anything', '', {}],
    ['anything', ' \n', {}],
    ['anything', 'null', {}],
    ['anything', '{"constructor":{"x":1},"toString":"y"}', { constructor: { x: 1 }, toString: 'y' }],
  ])('of %s, %j, are handed on', async (name, text, expected) => {
    expect(await call(name, text)).toEqual({ ok: true, structured: null, text: 'sunny' })
    expect(run.mock.calls).toEqual([[expected, expect.anything()]])
  })

  const unusable = [
    ['', 'city'],
    ['   ', 'city'],
    ['null', 'city'],
    ['{"city":"Oslo",}', 'not JSON'],
    ["{'city':'Oslo'}", 'not JSON'],
    ['{"city":"Os', 'not JSON'],
    ['{"city":"A"}{"city":"B"}{"city":"C"}', 'not JSON'],
    ['[{"city":"Oslo"}]', 'an array'],
    ['"{\\"city\\":\\"Oslo\\"}"', 'a text'],
    ['7', 'not 7'],
    ['{"city":"Oslo","days":"3"}', 'days must be integer'],
    ['{"city":"Oslo","days":0}', 'days must be >= 1'],
    ['{"city":"Oslo","days":1e400}', 'too large'],
    ['{"city":"Oslo","user_id":"someone"}', '"user_id"'],
    ['{"city":"Oslo","constructor":{"x":1}}', '"constructor"'],
    ['{"city":"Oslo","__proto__":{"admin":true}}', '__proto__'],
    ['{"city":"O\\u0000slo"}', 'well-formed'],
    ['{"city":"Oslo\\ud83d"}', 'well-formed'],
    [`{"city":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'nested'],
    [`{"city":"${'x'.repeat(65_536)}"}`, 'longer than 65536 bytes'],
  ]

  test.each(unusable.map(([text = '', reason = '']) => [text.slice(0, 60), { text, reason }] as const))(
    '%j are told to be wrong and never run',
    async (_, { text, reason }) => {
      const result = await call('weather', text)
      expect(result).toMatchObject({ ok: false, code: 'TOOL_BAD_ARGUMENTS' })
      expect(result.text).toContain('weather was not run')
      expect(result.text).toContain(reason)
      expect(result.text.length).toBeLessThan(600)
      expect(run).not.toHaveBeenCalled()
      expect('admin' in {}).toBe(false)
    },
  )

  test.each(['no_such_tool', 'constructor', '__proto__', '', 'x\ud83d'])('for %j reach no tool', async (name) => {
    const result = await call(name, '{}')
    expect(result).toMatchObject({ ok: false, code: 'TOOL_NOT_FOUND' })
    expect(result.text).toContain('weather, anything')
    expect(result.text.isWellFormed()).toBe(true)
    expect(run).not.toHaveBeenCalled()
  })
})

describe('a result', () => {
  const output = { type: 'object', properties: { sunny: { type: 'boolean' } }, required: ['sunny'] }
  const resultOf = async (raw: unknown, more: Partial<ScriptedTool> = {}, limits: Partial<ToolLimits> = {}) =>
    (await toolboxOver({ weather: { run: () => raw, ...more } }, limits)).call(
      { calledAs: 'weather', argumentsText: '', approved: true },
      never,
    )

  test.each([
    ['nothing', { content: [] }, ''],
    ['empty text', says(''), ''],
    ['a NUL', says('a\0b'), 'ab'],
    ['half a surrogate pair', says('a\ud83d'), 'a\ufffd'],
    ['two texts', { content: [...says('a').content, ...says('b').content] }, 'a\nb'],
    ['a picture', { content: [{ type: 'image', mimeType: 'image/png', data: 'AAAA' }] }, '[image: image/png]'],
    [
      'an address',
      { content: [{ type: 'resource_link', name: 'page', uri: 'https://example.com/?q=1' }] },
      '[page: https://example.com/?q=1]',
    ],
    ['a file', { content: [{ type: 'resource', resource: { uri: 'file:///a', text: 'inside' } }] }, 'inside'],
  ])('of %s', async (_, raw, text) => {
    expect(await resultOf(raw)).toMatchObject({ ok: true, structured: null, text })
  })

  test('keeps its structure, made storable', async () => {
    const structuredContent = { list: [{ 'k\0ey': 'a\ud83d\0', n: 1, no: null, yes: true }] }
    expect(await resultOf({ content: [], structuredContent })).toEqual({
      ok: true,
      structured: { list: [{ key: 'a\ufffd', n: 1, no: null, yes: true }] },
      text: expect.stringContaining('list'),
    })
  })

  test('pollutes nothing', async () => {
    const result = await resultOf({ content: [], structuredContent: JSON.parse('{"a":{"__proto__":{"admin":true}}}') })
    const { a } = (result.ok ? result.structured : null) as { a: { admin?: unknown } }
    expect(a.admin).toBeUndefined()
    expect(Object.getPrototypeOf(a)).toBe(Object.prototype)
    expect('admin' in {}).toBe(false)
  })

  test.each([
    ['lacks the promised structure', says('sunny'), { outputSchema: output }],
    ['has another structure', { content: [], structuredContent: { sunny: 'yes' } }, { outputSchema: output }],
    ['is no result', { content: 'sunny' }, {}],
    ['has content of no known kind', { content: [{ type: 'hologram' }] }, {}],
    ['is nested too deeply', { content: [], structuredContent: nested(500) }, {}],
  ])('that %s is told to be bad', async (_, raw, more) => {
    expect(await resultOf(raw, more)).toMatchObject({ ok: false, code: 'TOOL_BAD_RESULT' })
  })

  test('is cut at the limit, between characters, with a mark', async () => {
    const structuredContent = { text: 'ä'.repeat(2_000_000) }
    const result = await resultOf({ ...says('ä'.repeat(50)), structuredContent }, {}, { toolReadBytes: 51 })
    expect(result).toEqual({
      ok: true,
      structured: null,
      text: `${'ä'.repeat(25)}\n[Cut here: the result is longer than 51 bytes.]`,
    })
  })

  test.each([
    [{ ...says('no such city'), isError: true }, 'TOOL_FAILED', 'no such city'],
    [{ content: [], isError: true }, 'TOOL_FAILED', 'The tool failed and did not say why.'],
    [
      { ...says('days: too many'), isError: true, _meta: { 'parley/errorCode': 'BAD_USER_INPUT' } },
      'TOOL_BAD_ARGUMENTS',
      'days: too many',
    ],
  ])('that is a failure is an answer: %o', async (raw, code, text) => {
    expect(await resultOf(raw, { outputSchema: output })).toEqual({ ok: false, code, message: text, text })
  })

  test('that is a thrown error is an answer too', async () => {
    const run = () => {
      throw new Error('boom')
    }
    expect(await resultOf(null, { run })).toMatchObject({
      ok: false,
      code: 'TOOL_FAILED',
      text: expect.stringContaining('boom'),
    })
  })
})

describe('a call', () => {
  /** A tool that says when it has begun and ends only when it is cancelled. */
  function endless() {
    const begun = Promise.withResolvers<AbortSignal>()
    const cancelled = Promise.withResolvers<unknown>()
    const run: ScriptedTool['run'] = (_, { signal }) => {
      signal.addEventListener('abort', () => cancelled.resolve(signal.reason))
      begun.resolve(signal)
      return cancelled.promise.then(() => says('too late'))
    }
    return { run, begun: begun.promise, cancelled: cancelled.promise }
  }

  test('that is aborted rejects with the reason and tells the tool, without the reason', async () => {
    const tool = endless()
    const toolbox = await toolboxOver({ wait: tool })
    const stop = new AbortController()
    const answer = toolbox.call({ calledAs: 'wait', argumentsText: '{}', approved: true }, stop.signal)
    await tool.begun
    const reason = new Error('stopped by the user')
    stop.abort(reason)
    await expect(answer).rejects.toBe(reason)
    expect(await tool.cancelled).not.toContain('stopped by the user')
    await expect(toolbox.call({ calledAs: 'wait', argumentsText: '{}', approved: true }, stop.signal)).rejects.toBe(
      reason,
    )
  })

  test('that takes too long is told as such, and to the tool', async () => {
    const tool = endless()
    const toolbox = await toolboxOver({ wait: tool }, { toolSeconds: 0.05 })
    expect(await toolbox.call({ calledAs: 'wait', argumentsText: '{}', approved: true }, never)).toMatchObject({
      ok: false,
      code: 'TOOL_TIMEOUT',
      text: 'wait did not answer within 0.05 s. It may have taken effect all the same.',
    })
    await tool.cancelled
  })

  test('leaves nothing on the signal of a long run', async () => {
    const toolbox = await toolboxOver({ weather: { run: () => says('sunny') } })
    const { signal } = new AbortController()
    const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
    for (let at = 0; at < 3; at++)
      await toolbox.call({ calledAs: 'weather', argumentsText: '', approved: true }, signal)
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(added.mock.calls.map(([, listener]) => listener))
    expect(added).toHaveBeenCalledTimes(3)
  })

  test('tells how far it is', async () => {
    const heard = Promise.withResolvers<void>()
    const run: ScriptedTool['run'] = async (_, { tell }) => {
      await tell({ progress: 1, total: 2, message: 'half\0way \ud83d' })
      await tell({ progress: 2 })
      await heard.promise
      return says('done')
    }
    const toolbox = await toolboxOver({ work: { run } })
    const told: unknown[] = []
    await toolbox.call({ calledAs: 'work', argumentsText: '', approved: true }, never, (progress) => {
      if (told.push(progress) === 2) heard.resolve()
    })
    expect(told).toEqual([{ progress: 1, total: 2, message: 'halfway \ufffd' }, { progress: 2 }])
  })

  test('does not wait for another one', async () => {
    const tool = endless()
    const toolbox = await toolboxOver({ wait: tool, weather: { run: () => says('sunny') } })
    const stop = new AbortController()
    const waiting = toolbox.call({ calledAs: 'wait', argumentsText: '', approved: true }, stop.signal)
    await tool.begun
    expect((await toolbox.call({ calledAs: 'weather', argumentsText: '', approved: true }, stop.signal)).text).toBe(
      'sunny',
    )
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })

  test('on a closed toolbox, or one that closes, says that the tool cannot be reached', async () => {
    const tool = endless()
    const toolbox = await toolboxOver({ wait: tool })
    const cut = toolbox.call({ calledAs: 'wait', argumentsText: '', approved: true }, never)
    await tool.begun
    await toolbox.close()
    expect(await cut).toMatchObject({ ok: false, code: 'TOOL_UNAVAILABLE' })
    await tool.cancelled
    expect(await toolbox.call({ calledAs: 'wait', argumentsText: '', approved: true }, never)).toMatchObject({
      code: 'TOOL_UNAVAILABLE',
    })
    await toolbox.close()
  })
})

test('each tool says of itself what it does, and whether a person is asked first', async () => {
  const run = vi.fn(() => says('gone'))
  const toolbox = await toolboxOver({
    look: { run, annotations: { readOnlyHint: true, title: 'Look' } },
    wipe: { run, annotations: { destructiveHint: true } },
  })
  const shape = { name: 'look', server: 'tasks', description: '', inputSchema: { type: 'object', properties: {} } }
  expect(toolbox.offered()).toEqual([
    {
      ...{ ...shape, calledAs: 'look', title: 'Look' },
      ...{ readOnly: true, idempotent: true, destructive: false, needsApproval: false },
    },
    {
      ...{ ...shape, calledAs: 'wipe', name: 'wipe', title: null },
      ...{ readOnly: false, idempotent: false, destructive: true, needsApproval: true },
    },
  ])
})

test('what needs approval is not run without it, whoever asks', async () => {
  const run = vi.fn(() => says('gone'))
  const toolbox = await toolboxOver({ wipe: { run, annotations: { destructiveHint: true } } })
  const wipe = { calledAs: 'wipe', argumentsText: '{}' }
  expect(await toolbox.call(wipe, never)).toMatchObject({
    ...{ ok: false, code: 'TOOL_UNAVAILABLE', text: expect.stringContaining('a person has to allow it first') },
  })
  expect(run).not.toHaveBeenCalled()
  expect(await toolbox.call({ ...wipe, approved: true }, never)).toMatchObject({ text: 'gone' })
  expect(run).toHaveBeenCalledOnce()
})

test('a call can be judged without being made', async () => {
  const run = vi.fn(() => says('sunny'))
  const toolbox = await toolboxOver({ weather: { inputSchema: weather, run } })
  const check = (calledAs: string, argumentsText: string) => toolbox.check({ calledAs, argumentsText })
  expect(check('weather', '{"city":"Oslo"}')).toBeNull()
  expect(check('weather', '{}')).toMatchObject({ ok: false, code: 'TOOL_BAD_ARGUMENTS' })
  expect(check('wether', '{}')).toMatchObject({ ok: false, code: 'TOOL_NOT_FOUND' })
  expect(run).not.toHaveBeenCalled()
})

function nested(depth: number): Record<string, unknown> {
  return depth === 0 ? {} : { inside: nested(depth - 1) }
}
