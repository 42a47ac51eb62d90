import { describe, expect, test } from 'vitest'
import type { HistoryEntry, ModelRequest } from '../api/runs/model.ts'
import { toChatRequest } from '../api/runs/models/chat-request.ts'
import { failureOf, type ProviderFault } from '../api/runs/models/failures.ts'
import { type ModelProfile, modelProfiles, profileFor } from '../api/runs/models/profile.ts'
import { toResponsesRequest } from '../api/runs/models/responses-request.ts'
import { retryAfter, waitBeforeRetry } from '../api/runs/models/retries.ts'
import { RunError } from '../api/runs/run-failure.ts'
import { type Api, type Entry, readRequest } from './support/strict-request.ts'

const call = (id: string, name = 'weather', text = '{"city":"Oslo"}') => ({
  id,
  name,
  arguments: text,
  callId: `row-${id}`,
})
const user = (text: string): HistoryEntry => ({ role: 'user', text })
const tool = (callId: string, output = '"cold"'): HistoryEntry => ({ role: 'tool', callId, name: 'weather', output })
const turn = (text: string, ids: string[] = [], reasoning: object | null = null): HistoryEntry => ({
  role: 'assistant',
  text,
  calls: ids.map((id) => call(id)),
  reasoning,
})

const weather = {
  calledAs: 'weather',
  name: 'weather',
  server: 's',
  title: null,
  description: 'Tells the weather',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } } },
  readOnly: true,
  idempotent: true,
  destructive: false,
  needsApproval: false,
}

const request = (history: HistoryEntry[], more: Partial<ModelRequest> = {}): ModelRequest => ({
  model: 'm',
  instructions: 'Help.',
  history,
  tools: [weather],
  ...more,
})

const apis: Api[] = ['responses', 'chat']
const bodyFor = (api: Api, asked: ModelRequest, profile: ModelProfile) =>
  api === 'chat' ? toChatRequest(asked, profile) : toResponsesRequest(asked, profile)

/** What a strict provider understands of it; throws what it would refuse. */
function understood(api: Api, asked: ModelRequest, profile: ModelProfile = modelProfiles.openai): Entry[] {
  const bytes = new TextEncoder().encode(JSON.stringify(bodyFor(api, asked, profile)))
  return readRequest(api, bytes, {}, new Map()).transcript
}

describe.each(apis)('a request on %s', (api) => {
  const histories: [string, HistoryEntry[], Entry[]][] = [
    ['a question', [user('Hi')], [{ user: 'Hi' }]],
    [
      'an answer with calls',
      [user('Hi'), turn('Let me look.', ['a', 'b']), tool('a', '1'), tool('b', '2'), turn('Done.'), user('And?')],
      [
        { user: 'Hi' },
        { assistant: 'Let me look.' },
        { call: 'weather', id: 'a', arguments: '{"city":"Oslo"}' },
        { call: 'weather', id: 'b', arguments: '{"city":"Oslo"}' },
        { output: '1', id: 'a' },
        { output: '2', id: 'b' },
        { assistant: 'Done.' },
        { user: 'And?' },
      ],
    ],
    ['a turn of nothing', [user('Hi'), turn(''), user('Hello?')], [{ user: 'Hi' }, { user: 'Hello?' }]],
    [
      'a tool that said nothing',
      [user('Hi'), turn('', ['a']), tool('a', '')],
      [{ user: 'Hi' }, { call: 'weather', id: 'a', arguments: '{"city":"Oslo"}' }, { output: '(no output)', id: 'a' }],
    ],
    [
      'ids that repeat from turn to turn',
      [user('Hi'), turn('', ['call_0']), tool('call_0', '1'), turn('', ['call_0']), tool('call_0', '2')],
      [
        { user: 'Hi' },
        { call: 'weather', id: 'call_0', arguments: '{"city":"Oslo"}' },
        { output: '1', id: 'call_0' },
        { call: 'weather', id: 'call_0_2', arguments: '{"city":"Oslo"}' },
        { output: '2', id: 'call_0_2' },
      ],
    ],
    [
      'an id that is too long',
      [user('Hi'), turn('', ['x'.repeat(65)]), tool('x'.repeat(65))],
      [{ user: 'Hi' }, { call: 'weather', id: 'call', arguments: '{"city":"Oslo"}' }, { output: '"cold"', id: 'call' }],
    ],
  ]
  test.each(histories)('shows %s', (_, history, transcript) => {
    expect(understood(api, request(history))).toEqual(transcript)
  })

  test.each([
    ['', '{}'],
    ['null', '{}'],
    ['[1]', '{}'],
    ['{"city":"Os', '{}'],
    ['{"city":"Oslo",}', '{}'],
    [' {"a":1} ', ' {"a":1} '],
  ])('shows arguments %j as %j', (text, shown) => {
    const history: HistoryEntry[] = [
      user('Hi'),
      { role: 'assistant', text: '', calls: [call('a', 'weather', text)] },
      tool('a'),
    ]
    expect(understood(api, request(history))[1]).toEqual({ call: 'weather', id: 'a', arguments: shown })
  })

  test.each([
    ['süß tool', 's___tool'],
    ['', 'unnamed'],
    ['n'.repeat(90), 'n'.repeat(64)],
  ])('shows a call of %j as %j', (name, shown) => {
    const history: HistoryEntry[] = [
      user('Hi'),
      { role: 'assistant', text: '', calls: [call('a', name, '{}')] },
      tool('a'),
    ]
    expect(understood(api, request(history))[1]).toMatchObject({ call: shown })
  })

  test('offers tools with their schema, and none when there are none', () => {
    const body = JSON.stringify(bodyFor(api, request([user('Hi')]), modelProfiles.openai))
    expect(body).toContain('"parameters":{"type":"object","properties":{"city":{"type":"string"}}}')
    expect(bodyFor(api, request([user('Hi')], { tools: [] }), modelProfiles.openai)).not.toHaveProperty('tools')
  })

  test('asks the provider to keep nothing', () => {
    const body = bodyFor(api, request([user('Hi')]), modelProfiles.openai)
    expect(body).not.toHaveProperty('previous_response_id')
    if (api === 'responses') expect(body).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] })
  })
})

describe('reasoning items', () => {
  const thought = (id: string) => ({ type: 'reasoning', id, summary: [], encrypted_content: `secret ${id}` })
  const kept = (...parts: object[]) => ({ wire: 'responses', model: 'm', parts })
  const types = (history: HistoryEntry[], model = 'm') =>
    toResponsesRequest(request(history, { model }), modelProfiles.openai).input.map((item) =>
      item.type === 'reasoning' ? item.id : item.type === 'message' ? `${item.role}: ${item.content}` : item.type,
    )

  test('stand in front of what came of them', () => {
    const parts = kept(
      thought('rs_1'),
      { type: 'message', phase: 'commentary' },
      thought('rs_2'),
      { type: 'call' },
      { type: 'call' },
    )
    const history = [user('Hi'), turn('Let me look.', ['a', 'b'], parts), tool('a'), tool('b')]
    expect(types(history)).toEqual([
      'user: Hi',
      'rs_1',
      'assistant: Let me look.',
      'rs_2',
      'function_call',
      'function_call',
      'function_call_output',
      'function_call_output',
    ])
    expect(toResponsesRequest(request(history), modelProfiles.openai).input).toContainEqual({
      type: 'message',
      role: 'assistant',
      content: 'Let me look.',
      phase: 'commentary',
    })
  })

  test.each([
    ['another model', kept(thought('rs_1'), { type: 'call' }), 'other'],
    ['another wire', { wire: 'chat', model: 'm', thinking: 'hm' }, 'm'],
    ['nobody', { some: 'thing' }, 'm'],
  ])('of %s are left out', (_, reasoning, model) => {
    expect(types([user('Hi'), turn('', ['a'], reasoning), tool('a')], model)).toEqual([
      'user: Hi',
      'function_call',
      'function_call_output',
    ])
  })

  test('behind which nothing came are left out', () => {
    expect(types([user('Hi'), turn('Yes', [], kept({ type: 'message' }, thought('rs_1')))])).toEqual([
      'user: Hi',
      'assistant: Yes',
    ])
    expect(
      types([user('Hi'), turn('', ['a'], kept(thought('rs_1'), { type: 'message' }, { type: 'call' })), tool('a')]),
    ).toEqual(['user: Hi', 'function_call', 'function_call_output'])
  })
})

describe('a profile', () => {
  const asked = request([user('Hi'), turn('', ['a'], { wire: 'chat', model: 'm', thinking: 'hm' }), tool('a')], {
    maxOutputTokens: 10,
  })

  test('follows the base URL unless the operator says otherwise', () => {
    expect(profileFor(undefined, undefined)).toEqual(modelProfiles.openai)
    expect(profileFor(undefined, 'http://localhost:11434/v1')).toEqual(modelProfiles.compatible)
    expect(profileFor('openai', 'http://localhost:11434/v1')).toBe(modelProfiles.openai)
    expect(profileFor({ echoReasoning: true }, 'http://x')).toEqual({
      ...modelProfiles.compatible,
      echoReasoning: true,
    })
  })

  test.each<[Partial<ModelProfile>, Api, string, boolean]>([
    [{ streamUsage: true }, 'chat', 'stream_options', true],
    [{ streamUsage: false }, 'chat', 'stream_options', false],
    [{ parallelToolCalls: null }, 'chat', 'parallel_tool_calls', false],
    [{ parallelToolCalls: false }, 'chat', 'parallel_tool_calls', true],
    [{ parallelToolCalls: null }, 'responses', 'parallel_tool_calls', false],
    [{ parallelToolCalls: false }, 'responses', 'parallel_tool_calls', true],
    [{ strictFlag: true }, 'responses', 'strict', true],
    [{ strictFlag: false }, 'responses', 'strict', false],
    [{}, 'chat', 'strict', false],
    [{ systemRole: 'developer' }, 'chat', 'developer', true],
    [{ systemRole: 'system' }, 'chat', 'developer', false],
    [{ maxTokensField: 'max_tokens' }, 'chat', 'max_completion_tokens', false],
    [{ maxTokensField: 'max_completion_tokens' }, 'chat', 'max_completion_tokens', true],
    [{ echoReasoning: true }, 'chat', 'reasoning_content', true],
    [{ echoReasoning: false }, 'chat', 'reasoning_content', false],
    [{ encryptedReasoning: false }, 'responses', 'include', false],
    [{ encryptedReasoning: true }, 'responses', 'include', true],
  ])('%j on %s: "%s" is said: %s', (change, api, word, said) => {
    const body = JSON.stringify(bodyFor(api, asked, { ...modelProfiles.openai, ...change }))
    expect(body.includes(`"${word}"`)).toBe(said)
  })

  test('an output budget is at least what the wire takes', () => {
    expect(toResponsesRequest(asked, modelProfiles.openai)).toMatchObject({ max_output_tokens: 16 })
    expect(toChatRequest(asked, modelProfiles.openai)).toMatchObject({ max_completion_tokens: 10 })
  })
})

describe('a failure of the provider', () => {
  test.each<[Partial<ProviderFault>, string, boolean]>([
    [{ status: 429 }, 'MODEL_RATE_LIMITED', true],
    [{ status: 429, code: 'insufficient_quota' }, 'MODEL_RATE_LIMITED', false],
    [{ status: 429, type: 'insufficient_quota' }, 'MODEL_RATE_LIMITED', false],
    [{ status: 402 }, 'MODEL_RATE_LIMITED', false],
    [{ status: 500 }, 'MODEL_UNAVAILABLE', true],
    [{ status: 503 }, 'MODEL_UNAVAILABLE', true],
    [{ status: 408 }, 'MODEL_UNAVAILABLE', true],
    [{ status: 401 }, 'MODEL_MISCONFIGURED', false],
    [{ status: 403 }, 'MODEL_MISCONFIGURED', false],
    [{ status: 404, code: 'model_not_found' }, 'MODEL_MISCONFIGURED', false],
    [{ status: 400, param: 'stream_options' }, 'MODEL_MISCONFIGURED', false],
    [{ status: 302 }, 'MODEL_MISCONFIGURED', false],
    [{ status: 400, code: 'context_length_exceeded' }, 'CONTEXT_TOO_LONG', false],
    [{ status: 400, message: "This model's maximum context length is 8192 tokens." }, 'CONTEXT_TOO_LONG', false],
    [{ status: 413 }, 'CONTEXT_TOO_LONG', false],
    [{ code: 'server_error' }, 'MODEL_UNAVAILABLE', true],
    [{ code: 429 }, 'MODEL_RATE_LIMITED', true],
    [{ code: 'rate_limit_exceeded' }, 'MODEL_RATE_LIMITED', true],
    [{}, 'MODEL_UNAVAILABLE', true],
  ])('%j is %s', (fault, code, retryable) => {
    const message = 'sk-secret is wrong'
    const failure = failureOf({ message, ...fault })
    expect(failure).toMatchObject({ code, retryable })
    expect(failure.message).not.toContain('secret')
    expect(failure.cause).toMatchObject({ message: expect.stringContaining(fault.message ?? message) })
  })

  test.each([
    [2_500, 3, 'The model is busy right now. It asks to wait for 3 seconds.'],
    [31_000, 31, 'The model is busy right now. It asks to wait for 31 seconds.'],
    [3_600_000, 3_600, 'The model is busy right now. It asks to wait for 60 minutes.'],
    [86_400_000, 86_400, 'The model is busy right now. It asks to wait for 24 hours.'],
    [0, undefined, 'The model is busy right now.'],
    [null, undefined, 'The model is busy right now.'],
  ])('that asks for %s ms says so to people and to programs', (waitMs, waitSeconds, message) => {
    const { failure } = failureOf({ status: 429, message: 'x', waitMs })
    expect(failure).toEqual({
      code: 'MODEL_RATE_LIMITED',
      message,
      retryable: true,
      ...(waitSeconds && { waitSeconds }),
    })
  })

  test('that waiting does not mend names no time', () => {
    const { failure } = failureOf({ status: 429, code: 'insufficient_quota', message: 'x', waitMs: 60_000 })
    const message = 'The model is not available at the moment.'
    expect(failure).toEqual({ code: 'MODEL_RATE_LIMITED', message, retryable: false })
  })
})

describe('asking again', () => {
  const now = Date.parse('2026-11-25T10:00:00Z')
  test.each([
    [{ 'retry-after': '3' }, 3_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Wed, 25 Nov 2026 10:00:03 GMT' }, 3_000],
    [{ 'retry-after': 'Wed, 25 Nov 2026 09:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '3000', 'retry-after': '9' }, 3_000],
    [{ 'retry-after-ms': 'x', 'retry-after': '9' }, 9_000],
    [{ 'retry-after': 'not-a-number' }, null],
    [{ 'retry-after': '-5' }, null],
    [{}, null],
  ])('%j means %s', (headers, wait) => {
    expect(retryAfter(new Headers(headers), now)).toBe(wait)
  })

  const chance = (attempt: number, random = 0) => ({ attempt, retries: 2, random })
  const busy = (waitMs: number | null) => failureOf({ status: 429, message: 'x', waitMs })

  test('happens a few times, later each time, and not all at the same moment', () => {
    expect([0, 1, 2].map((attempt) => waitBeforeRetry(busy(null), chance(attempt)))).toEqual([250, 500, null])
    expect(waitBeforeRetry(busy(null), chance(0, 1))).toBe(500)
  })

  test('waits as it is told, but not for long', () => {
    expect(waitBeforeRetry(busy(3_000), chance(0))).toBe(3_000)
    expect(waitBeforeRetry(busy(30_000), chance(0))).toBe(30_000)
    expect(waitBeforeRetry(busy(30_001), chance(0))).toBeNull()
  })

  test('happens only where it may help', () => {
    expect(waitBeforeRetry(failureOf({ status: 429, code: 'insufficient_quota', message: 'x' }), chance(0))).toBeNull()
    expect(waitBeforeRetry(failureOf({ status: 400, message: 'x' }), chance(0))).toBeNull()
    expect(waitBeforeRetry(new RunError('MODEL_TIMEOUT', 'x'), chance(0))).toBeNull()
    expect(waitBeforeRetry(new RunError('MODEL_BAD_RESPONSE', 'x'), chance(0))).toBeNull()
    expect(waitBeforeRetry(new Error('a fault of ours'), chance(0))).toBeNull()
    const cut = new RunError('MODEL_STREAM_CUT', 'x')
    expect([0, 1].map((attempt) => waitBeforeRetry(cut, chance(attempt)))).toEqual([250, null])
  })
})
