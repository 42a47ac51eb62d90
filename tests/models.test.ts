import { createServer } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { standardLimits } from '../api/limits.ts'
import type { FinishedTurn, HistoryEntry, Model } from '../api/runs/model.ts'
import type { Phase } from '../api/runs/models/chunk-shape.ts'
import { watched } from '../api/runs/models/watched.ts'
import { createModel, type ModelLimits, type ModelSettings } from '../api/runs/openai-model.ts'
import {
  type Api,
  bytewise,
  cuts,
  endsEarly,
  fails,
  type Provider,
  pause,
  type Strictness,
  says,
  silence,
  startProvider,
  writes,
} from './support/scripted-provider.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((it) => it.close()))
})

async function provider(strict: Partial<Strictness> = {}): Promise<Provider> {
  const started = await startProvider(strict)
  opened.push(started)
  return started
}

const modelAt = (baseUrl: string, api: Api, more: Partial<ModelSettings> = {}, limits: Partial<ModelLimits> = {}) =>
  createModel({ key: 'sk-test', baseUrl, api, names: ['m'], ...more }, { ...standardLimits, ...limits })

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

type Heard = { texts: string[]; waits?: number[]; finished?: FinishedTurn; error?: unknown }

/** Asks once. Gives what came, up to the error if there was one. */
async function ask(
  model: Model,
  history: readonly HistoryEntry[],
  signal = new AbortController().signal,
): Promise<Heard> {
  const heard: Heard = { texts: [] }
  const request = { model: model.names[0], instructions: 'Help.', history, tools: [weather] }
  try {
    for await (const event of model.ask(request, signal)) {
      if (event.type === 'text') heard.texts.push(event.text)
      else if (event.type === 'waiting') heard.waits = [...(heard.waits ?? []), event.milliseconds]
      else heard.finished = event
    }
  } catch (error) {
    heard.error = error
  }
  return heard
}

const hi: HistoryEntry[] = [{ role: 'user', text: 'Hi' }]

/** Adds what the model said, and an answer to each of its calls. */
function answered(history: readonly HistoryEntry[], { texts, finished }: Heard): HistoryEntry[] {
  const made = finished?.calls ?? []
  return [
    ...history,
    {
      role: 'assistant',
      text: texts.join(''),
      calls: made.map((it) => ({ ...it, callId: it.id })),
      reasoning: stored(finished?.reasoning),
    },
    ...made.map((call): HistoryEntry => ({ role: 'tool', callId: call.id, name: call.name, output: '"cold"' })),
  ]
}

/** As it comes back from the database. */
const stored = (reasoning: object | null | undefined) => JSON.parse(JSON.stringify(reasoning ?? null))

describe.each<Api>(['responses', 'chat'])('over %s', (api) => {
  test('text comes as it is said, with what it cost', async () => {
    const played = await provider()
    played.plays(says('Paris', pause, ' is…', { usage: { input: 9, cached: 4, output: 3, reasoning: 1 } }))
    const model = modelAt(played.url, api)
    const answer = model.ask(
      { model: 'm', instructions: 'Help.', history: hi, tools: [] },
      new AbortController().signal,
    )
    expect((await answer.next()).value).toEqual({ type: 'text', text: 'Paris' })
    played.resume()
    expect((await answer.next()).value).toEqual({ type: 'text', text: ' is…' })
    expect((await answer.next()).value).toEqual({
      type: 'finished',
      calls: [],
      reasoning: null,
      reason: 'stop',
      usage: { inputTokens: 9, cachedInputTokens: 4, outputTokens: 3, reasoningTokens: 1 },
    })
    expect((await answer.next()).done).toBe(true)
    expect(played.requests[0]).toMatchObject({
      api,
      model: 'm',
      instructions: 'Help.',
      transcript: [{ user: 'Hi' }],
      tools: [],
    })
    expect(played.requests[0]?.headers.authorization).toBe('Bearer sk-test')
  })

  test('calls side by side, their answers, and the next turn', async () => {
    const played = await provider()
    played.plays(
      says(
        'Let me look.',
        { call: { name: 'weather', arguments: { city: 'Oslo' } } },
        { call: { name: 'weather', arguments: { city: 'Rome' } } },
      ),
      says('Cold.'),
    )
    const model = modelAt(played.url, api)
    const first = await ask(model, hi)
    expect(first.finished?.calls.map((it) => [it.name, it.arguments])).toEqual([
      ['weather', '{"city":"Oslo"}'],
      ['weather', '{"city":"Rome"}'],
    ])
    expect((await ask(model, answered(hi, first))).texts).toEqual(['Cold.'])
    expect(played.requests[1]?.transcript.map((it) => Object.keys(it)[0])).toEqual([
      'user',
      'assistant',
      'call',
      'call',
      'output',
      'output',
    ])
    expect(played.refusals).toEqual([])
  })

  test('characters stay whole when each byte comes alone', async () => {
    const played = await provider()
    played.plays(bytewise(says('naïve ', '漢字 🧩')))
    expect((await ask(modelAt(played.url, api), hi)).texts).toEqual(['naïve ', '漢字 🧩'])
  })

  test.each([
    ['a reset', cuts('The answer', ' is')],
    ['an end that is none', endsEarly('The answer', ' is')],
  ])('%s in the middle keeps the text and asks no second time', async (_, turn) => {
    const played = await provider()
    played.plays(turn)
    const { texts, error } = await ask(modelAt(played.url, api), hi)
    expect(texts).toEqual(['The answer', ' is'])
    expect(error).toMatchObject({ code: 'MODEL_STREAM_CUT', retryable: true })
    expect(played.requests).toHaveLength(1)
  })

  test('a cut before the first word is tried once more, and not for ever', async () => {
    const played = await provider()
    played.plays(cuts(), says('ok'), cuts(), endsEarly())
    expect(await ask(modelAt(played.url, api), hi)).toMatchObject({ texts: ['ok'] })
    expect(await ask(modelAt(played.url, api), hi)).toMatchObject({ error: { code: 'MODEL_STREAM_CUT' } })
    expect(played.requests).toHaveLength(4)
  })

  test.each([
    ['milliseconds', () => ({ 'retry-after-ms': '300' }), 300],
    ['seconds', () => ({ 'retry-after': '1' }), 1_000],
    ['a date', () => ({ 'retry-after': new Date(Date.now() + 1_500).toUTCString() }), 450],
    ['nothing that can be read', () => ({ 'retry-after': 'not-a-number' }), 240],
  ])('a busy model that asks to wait, in %s, is asked again then', async (_, headers, least) => {
    const played = await provider()
    played.plays(() => fails(429, { headers: headers(), body: '<html>busy</html>' }), says('ok'))
    expect((await ask(modelAt(played.url, api), hi)).texts).toEqual(['ok'])
    const [first, second] = played.requests
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(least)
  })

  test('a wait is told before it begins, unless nobody would notice it', async () => {
    const played = await provider()
    played.plays(
      fails(429, { headers: { 'retry-after-ms': '1001' } }),
      fails(429, { headers: { 'retry-after-ms': '100' } }),
      says('ok'),
    )
    const { texts, waits } = await ask(modelAt(played.url, api), hi)
    expect(texts).toEqual(['ok'])
    expect(waits).toHaveLength(1)
    expect(waits?.[0]).toBeGreaterThanOrEqual(1_001)
  })

  test.each([
    [
      'busy for an hour',
      fails(429, { headers: { 'retry-after': '3600' } }),
      'MODEL_RATE_LIMITED',
      /busy.*wait for 60 minutes/,
      true,
    ],
    [
      'used up',
      fails(429, { error: { code: 'insufficient_quota', message: 'no credit' } }),
      'MODEL_RATE_LIMITED',
      /not available/,
      false,
    ],
    [
      'refused',
      fails(400, { error: { message: 'Unknown parameter', param: 'stream_options' } }),
      'MODEL_MISCONFIGURED',
      /log/,
      false,
    ],
    ['too long', fails(400, { error: { code: 'context_length_exceeded' } }), 'CONTEXT_TOO_LONG', /too long/, false],
    [
      'a page',
      { ...fails(200, { body: '<html>sign in</html>' }), headers: { 'content-type': 'text/html' } },
      'MODEL_BAD_RESPONSE',
      /understood/,
      true,
    ],
    ['all at once', fails(200, { body: '{"choices":[]}' }), 'MODEL_BAD_RESPONSE', /understood/, true],
    ['empty', writes(), 'MODEL_BAD_RESPONSE', /understood/, true],
    ['no JSON', writes('data: {"choices":[{"del\n\n'), 'MODEL_BAD_RESPONSE', /understood/, true],
    ['an answer without a body', { ...writes(), status: 204, body: '' }, 'MODEL_BAD_RESPONSE', /understood/, true],
  ])('%s: one request, a code and plain words', async (_, turn, code, words, retryable) => {
    const played = await provider()
    played.plays(turn)
    const { texts, error } = await ask(modelAt(played.url, api), hi)
    expect(texts).toEqual([])
    expect(error).toMatchObject({ code, retryable, message: expect.stringMatching(words), cause: expect.any(Error) })
    expect(played.requests).toHaveLength(1)
  })

  test('what the provider said goes to the operator alone', async () => {
    const played = await provider()
    played.plays(fails(401, { error: { message: 'Incorrect API key provided: sk-te*t.', code: 'invalid_api_key' } }))
    const { error } = await ask(modelAt(played.url, api), hi)
    expect(String(error)).not.toContain('sk-te')
    expect(error).toMatchObject({
      cause: { message: expect.stringMatching(/Incorrect API key provided: \[a key\].*status: 401.*invalid_api_key/) },
    })
  })

  test('a model that is down is asked three times', async () => {
    const played = await provider()
    played.always(fails(503))
    expect(await ask(modelAt(played.url, api), hi)).toMatchObject({
      texts: [],
      error: { code: 'MODEL_UNAVAILABLE', retryable: true },
    })
    expect(played.requests).toHaveLength(3)
    await played.close()
    opened.length = 0
    expect(await ask(modelAt(played.url, api, {}, { modelRetries: 0 }), hi)).toMatchObject({
      error: { code: 'MODEL_UNAVAILABLE' },
    })
  })

  test.each([
    ['never begins', silence(), []],
    ['begins and says nothing', says({ ends: 'never' }), []],
    ['falls silent', says('Well', { ends: 'never' }), ['Well']],
  ])('a model that %s is left, and told so', async (_, turn, texts) => {
    const played = await provider()
    played.plays(turn)
    const limits = { modelFirstByteSeconds: texts.length > 0 ? 10 : 0.2, modelSilenceSeconds: 0.2 }
    expect(await ask(modelAt(played.url, api, {}, limits), hi)).toMatchObject({
      texts,
      error: { code: 'MODEL_TIMEOUT', retryable: true },
    })
    await played.requests[0]?.hungUp
    expect(played.requests).toHaveLength(1)
  })

  test('thinking may take longer than a pause between words', async () => {
    const played = await provider()
    played.plays(says({ thinks: 'hm' }, { waits: 1_000 }, 'ok'), says('Well', { waits: 1_000 }, ' ok'))
    const model = modelAt(played.url, api, {}, { modelFirstByteSeconds: 10, modelSilenceSeconds: 0.5 })
    expect((await ask(model, hi)).texts).toEqual(['ok'])
    expect(await ask(model, hi)).toMatchObject({ texts: ['Well'], error: { code: 'MODEL_TIMEOUT' } })
  })

  test('a server that does not hang up after the end holds nobody up for long', async () => {
    const played = await provider()
    const end =
      api === 'chat'
        ? { choices: [{ delta: {}, finish_reason: 'stop' }] }
        : { type: 'response.completed', response: {} }
    played.plays(says('ok', { event: end }, { ends: 'never' }))
    expect(await ask(modelAt(played.url, api), hi)).toMatchObject({ texts: ['ok'], finished: { reason: 'stop' } })
  })

  describe('stopping', () => {
    const reason = new Error('stopped')

    test('before it began: nothing is asked', async () => {
      const played = await provider()
      expect((await ask(modelAt(played.url, api), hi, AbortSignal.abort(reason))).error).toBe(reason)
      expect(played.requests).toEqual([])
    })

    test.each([
      ['before the answer begins', silence(), []],
      ['in the middle of it', says('Well', pause), ['Well']],
    ])('%s: the provider notices', async (_, turn, texts) => {
      const played = await provider()
      played.plays(turn)
      const stop = new AbortController()
      const heard = ask(modelAt(played.url, api), hi, stop.signal)
      const request = await played.asked(1)
      if (texts.length > 0) await played.paused()
      setTimeout(() => stop.abort(reason), 50)
      expect(await heard).toEqual({ texts, error: reason })
      await request.hungUp
    })

    test('while it waits to ask again', async () => {
      const played = await provider()
      played.plays(fails(429, { headers: { 'retry-after': '20' } }))
      const stop = new AbortController()
      const heard = ask(modelAt(played.url, api), hi, stop.signal)
      await played.asked(1)
      setTimeout(() => stop.abort(reason), 50)
      expect((await heard).error).toBe(reason)
      expect(played.requests).toHaveLength(1)
    })

    test('by the caller who does not read on: the provider notices', async () => {
      const played = await provider()
      played.plays(says('Well', pause))
      for await (const event of modelAt(played.url, api).ask(
        { model: 'm', instructions: '', history: hi, tools: [] },
        new AbortController().signal,
      ))
        if (event.type === 'text') break
      await played.requests[0]?.hungUp
    })
  })

  test.each([
    ['length', says('Well', { ends: 'length' }), ['Well'], 'length'],
    [
      'length in the middle of a call',
      says({ call: { name: 'weather', arguments: '{"ci' } }, { ends: 'length' }),
      [],
      'length',
    ],
    ['length while thinking', says({ thinks: 'hm' }, { ends: 'length' }), [], 'length'],
    ['a filter', says({ ends: 'filter' }), [], 'filter'],
    [
      'a filter on the question',
      fails(400, { error: { code: 'content_filter', message: 'The response was filtered' } }),
      [],
      'filter',
    ],
    ['a refusal', says({ refusal: 'I can' }, { refusal: 'not help.' }), ['I can', 'not help.'], 'stop'],
    ['nothing', says(), [], 'stop'],
  ])('%s is told', async (_, turn, texts, reason) => {
    const played = await provider()
    played.plays(turn)
    expect(await ask(modelAt(played.url, api), hi)).toMatchObject({ texts, finished: { reason } })
    expect(played.requests).toHaveLength(1)
  })

  test('a failure in the stream is one', async () => {
    const played = await provider()
    played.plays(says('Well', { ends: 'failed' }))
    expect(await ask(modelAt(played.url, api), hi)).toMatchObject({
      texts: ['Well'],
      error: { code: 'MODEL_UNAVAILABLE' },
    })
  })

  test('says nothing of usage when the provider does not', async () => {
    const played = await provider()
    played.plays(says('ok', { usage: null }))
    expect((await ask(modelAt(played.url, api), hi)).finished?.usage).toBeNull()
  })

  test('twenty thousand words at full speed all arrive', async () => {
    const played = await provider()
    played.plays(says(...Array.from({ length: 20_000 }, () => 'tok ')))
    expect((await ask(modelAt(played.url, api), hi)).texts.join('')).toBe('tok '.repeat(20_000))
  })

  test('reasoning survives the database and a restart, in its place', async () => {
    const played = await provider()
    const thinksAndCalls = (city: string) =>
      says({ thinks: `about ${city}` }, 'Hm.', { thinks: 'more' }, { call: { name: 'weather', arguments: { city } } })
    played.plays(thinksAndCalls('Oslo'), thinksAndCalls('Rome'), says('Cold.'))
    let history = hi
    for (let turn = 0; turn < 2; turn++) history = answered(history, await ask(modelAt(played.url, api), history))
    const asked = [...history, { role: 'user' as const, text: 'And?' }]
    expect((await ask(modelAt(played.url, api), asked)).texts).toEqual(['Cold.'])
    expect(played.refusals).toEqual([])
    const thoughts = played.requests[2]?.transcript.filter((it) => 'thinking' in it) ?? []
    expect(thoughts).toHaveLength(api === 'responses' ? 4 : 0)
  })
})

describe('providers that differ', () => {
  test('thinking goes back to a model that wants it, and to no other', async () => {
    const wanting = await provider({ wantsThinkingBack: true })
    const thinks = () => says({ thinks: 'hm' }, { call: { name: 'weather' } })
    wanting.plays(thinks(), says('ok'), thinks(), says('ok'))
    const model = modelAt(wanting.url, 'chat', { profile: { echoReasoning: true } })
    const second = await ask(model, answered(hi, await ask(model, hi)))
    expect(second.texts).toEqual(['ok'])
    const plain = modelAt(wanting.url, 'chat')
    expect(await ask(plain, answered(hi, await ask(plain, hi)))).toMatchObject({
      error: { code: 'MODEL_MISCONFIGURED' },
    })
    expect(wanting.refusals).toEqual(['The reasoning_content of the tool turn must be passed back.'])
  })

  test.each<[Strictness['refuses'][number], Api, Partial<ModelSettings>]>([
    ['stream_options', 'chat', { profile: { streamUsage: false } }],
    ['developer', 'chat', { profile: { systemRole: 'system' } }],
    ['parallel_tool_calls', 'chat', { profile: { parallelToolCalls: null } }],
    ['parallel_tool_calls', 'responses', { profile: { parallelToolCalls: null } }],
    ['strict', 'responses', { profile: { strictFlag: false } }],
  ])('one that does not know "%s" on %s works with its profile', async (member, api, setting) => {
    const played = await provider({ refuses: [member] })
    played.always(says('ok'))
    const off = { streamUsage: true, systemRole: 'developer', parallelToolCalls: true, strictFlag: true } as const
    const { error } = await ask(modelAt(played.url, api, { profile: off }), hi)
    expect(error).toMatchObject({ code: 'MODEL_MISCONFIGURED', cause: { message: expect.stringContaining(member) } })
    expect((await ask(modelAt(played.url, api, setting), hi)).texts).toEqual(['ok'])
  })

  test('a model that does not reason is asked for reasoning once only', async () => {
    const played = await provider({ refuses: ['include'] })
    played.always(says('ok'))
    const model = modelAt(played.url, 'responses')
    expect((await ask(model, hi)).texts).toEqual(['ok'])
    expect((await ask(model, hi)).texts).toEqual(['ok'])
    expect(played.refusals).toEqual([`Unknown parameter: 'include'.`])
  })

  test('no key is needed where none is asked for', async () => {
    const played = await provider()
    played.plays(says('ok'))
    const model = modelAt(played.url, 'chat', { key: undefined })
    expect(model.offline).toBe(false)
    expect((await ask(model, hi)).texts).toEqual(['ok'])
  })
})

test('a connection that does not come about is given up', async () => {
  // Takes the connection and never greets back: TLS waits for ever.
  const sockets = createServer(() => {})
  await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve))
  const address = sockets.address()
  const port = typeof address === 'object' ? address?.port : 0
  const model = modelAt(`https://127.0.0.1:${port}/v1`, 'responses', {}, { modelConnectSeconds: 0.2, modelRetries: 0 })
  const started = performance.now()
  expect((await ask(model, hi)).error).toMatchObject({
    code: 'MODEL_UNAVAILABLE',
    cause: { message: 'no connection within 0.2 seconds' },
  })
  expect(performance.now() - started).toBeLessThan(2_000)
  sockets.close()
})

describe('watching a stream', () => {
  const waits = { modelFirstByteSeconds: 60, modelSilenceSeconds: 30 }

  test('leaves no timer and no listener behind, however it ends', async () => {
    vi.useFakeTimers()
    try {
      const { signal } = new AbortController()
      const listening = vi.spyOn(signal, 'addEventListener')
      const left = vi.spyOn(signal, 'removeEventListener')
      async function* chunks(error?: Error) {
        yield 1
        if (error) throw error
      }
      const watch = (error?: Error) =>
        watched(
          () => Promise.resolve(chunks(error)),
          (): Phase => 'speaking',
          waits,
          signal,
        )
      for await (const chunk of watch()) expect([chunk, vi.getTimerCount()]).toEqual([1, 0])
      for await (const _ of watch()) break
      await expect(Array.fromAsync(watch(new Error('broken')))).rejects.toThrow('broken')
      expect(vi.getTimerCount()).toBe(0)
      expect(left.mock.calls.length).toBe(listening.mock.calls.length)
      expect(listening).toHaveBeenCalledTimes(3)
    } finally {
      vi.useRealTimers()
    }
  })
})
