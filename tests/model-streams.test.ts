import { describe, expect, test } from 'vitest'
import type { FinishedTurn, ModelEvent } from '../api/runs/model.ts'
import { readChat } from '../api/runs/models/chat-stream.ts'
import { finishedCalls } from '../api/runs/models/finished-calls.ts'
import { readResponses } from '../api/runs/models/responses-stream.ts'
import { createSpeech } from '../api/runs/models/speech.ts'

async function* from(chunks: readonly unknown[], error?: Error) {
  yield* chunks
  if (error) throw error
}

/** The text in its pieces and the end, or the code of the failure. */
async function heard(events: AsyncIterable<ModelEvent>) {
  const texts: string[] = []
  let finished: FinishedTurn | undefined
  try {
    for await (const event of events) {
      expect(finished, 'nothing comes after the end').toBeUndefined()
      if (event.type === 'text') texts.push(event.text)
      else if (event.type === 'finished') finished = event
    }
    return { texts, finished }
  } catch (error) {
    return { texts, code: error instanceof Error && 'code' in error ? error.code : String(error) }
  }
}

const chat = (chunks: readonly unknown[], error?: Error, keepThinking = false) =>
  heard(readChat(from(chunks, error), { model: 'm', keepThinking }))
const responses = (events: readonly unknown[], error?: Error) =>
  heard(readResponses(from(events, error), { model: 'm' }))

/** A chunk with this delta. */
const delta = (delta: unknown, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason }],
})
const stop = delta({}, 'stop')
const piece = (index: number | null, id: string | null, name: string | null, text: unknown) =>
  delta({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: text } }] })

describe('a chat stream', () => {
  const usage = { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 }
  const counted = { inputTokens: 5, cachedInputTokens: 0, outputTokens: 1, reasoningTokens: 0 }

  const texts: [string, unknown[], string[]][] = [
    [
      'plain',
      [delta({ role: 'assistant', content: '' }), delta({ content: 'Hello' }), delta({ content: ' there' }), stop],
      ['Hello', ' there'],
    ],
    [
      'opened by a chunk without choices',
      [{ id: '', model: '', choices: [], prompt_filter_results: [] }, delta({ content: 'ok' }), stop],
      ['ok'],
    ],
    ['the end together with text', [delta({ role: 'assistant', content: 'one' }, 'stop')], ['one']],
    [
      'a refusal beside empty content',
      [delta({ content: '', refusal: 'I can' }), delta({ content: '', refusal: 'not help.' }), stop],
      ['I can', 'not help.'],
    ],
    [
      'content in parts',
      [
        delta({
          content: [
            { type: 'thinking', thinking: [] },
            { type: 'text', text: 'ok' },
          ],
        }),
        stop,
      ],
      ['ok'],
    ],
    [
      'thinking in a member of its own',
      [delta({ reasoning_content: 'secret' }), delta({ content: 'Hi' }), stop],
      ['Hi'],
    ],
    [
      'thinking between tags',
      [delta({ content: '<think>secret plan' }), delta({ content: '</think>Hi' }), stop],
      ['Hi'],
    ],
    ['halves of one character', [delta({ content: 'a\ud83e' }), delta({ content: '\udde9b' }), stop], ['a', '🧩b']],
    ['half a character at the end', [delta({ content: 'a\ud83e' }), stop], ['a', '\ufffd']],
    [
      'no empty pieces',
      [delta({ content: '' }), delta({ content: '\0' }), delta({}), delta({ content: null }), stop],
      [],
    ],
  ]
  test.each(texts)('%s', async (_, chunks, expected) => {
    const { texts, finished } = await chat(chunks)
    expect(texts).toEqual(expected)
    expect(finished).toEqual({ type: 'finished', calls: [], usage: null, reasoning: null, reason: 'stop' })
  })

  const city = '{"city":"A"}'
  const calls: [string, unknown[], [id: string, name: string, text: string][]][] = [
    [
      'in pieces',
      [piece(0, 'c1', 'weather', ''), piece(0, null, null, '{"city"'), piece(0, null, null, ':"A"}')],
      [['c1', 'weather', city]],
    ],
    ['at once', [piece(0, 'c1', 'weather', city)], [['c1', 'weather', city]]],
    [
      'all numbered 0, with ids',
      [piece(0, 'c1', 'a', '{"x":1}'), piece(0, 'c2', 'b', '{"x":2}'), piece(0, 'c3', 'b', '{"x":3}')],
      [
        ['c1', 'a', '{"x":1}'],
        ['c2', 'b', '{"x":2}'],
        ['c3', 'b', '{"x":3}'],
      ],
    ],
    [
      'all numbered 0, without ids',
      [piece(0, '', 'a', '{"x":1}'), piece(0, '', 'b', '{"x":2}')],
      [
        ['call_1', 'a', '{"x":1}'],
        ['call_2', 'b', '{"x":2}'],
      ],
    ],
    [
      'without numbers',
      [piece(null, 'c1', 'a', '{"x":'), piece(null, null, null, '1}'), piece(null, 'c2', 'b', '{}')],
      [
        ['c1', 'a', '{"x":1}'],
        ['c2', 'b', '{}'],
      ],
    ],
    [
      'mixed and out of order',
      [piece(1, 'c2', 'b', '{}'), piece(0, 'c1', 'a', '{"x":'), piece(0, null, null, '1}')],
      [
        ['c1', 'a', '{"x":1}'],
        ['c2', 'b', '{}'],
      ],
    ],
    [
      'the name again in each piece',
      [piece(0, 'c1', 'a', '{"x":'), piece(0, 'c1', 'a', '1}')],
      [['c1', 'a', '{"x":1}']],
    ],
    [
      'the name in pieces',
      [piece(0, 'c1', 'get_', null), piece(0, null, 'weather', null), piece(0, null, null, city)],
      [['c1', 'get_weather', city]],
    ],
    ['without an id', [piece(0, '', 'weather', city)], [['call_1', 'weather', city]]],
    ['without arguments', [piece(0, 'c1', 'list', undefined)], [['c1', 'list', '']]],
    ['arguments as an object', [piece(0, 'c1', 'weather', { city: 'A' })], [['c1', 'weather', city]]],
    [
      'one id for two',
      [piece(0, 'c', 'a', '{}'), piece(1, 'c', 'b', '{}')],
      [
        ['c', 'a', '{}'],
        ['call_2', 'b', '{}'],
      ],
    ],
    ['arguments that are no text to keep', [piece(0, 'c1', 'a', '{"x":"\0\ud83d"}')], [['c1', 'a', '{"x":"\ufffd"}']]],
  ]
  test.each(calls)('calls: %s', async (_, chunks, expected) => {
    for (const end of ['tool_calls', 'stop']) {
      const { finished } = await chat([...chunks, delta({}, end)])
      expect(finished).toMatchObject({ reason: 'stop' })
      expect(finished?.calls.map((call) => [call.id, call.name, call.arguments])).toEqual(expected)
    }
  })

  test.each([
    ['length', 'length'],
    ['content_filter', 'filter'],
    ['tool_calls', 'stop'],
    ['eos', 'stop'],
  ])('the reason %s', async (told, reason) => {
    expect(await chat([delta({}, told)])).toMatchObject({ finished: { reason } })
  })

  test.each([
    ['in a tail without choices', [stop, { choices: [], usage }], counted],
    ['in a tail whose choices are missing', [stop, { usage }], counted],
    [
      'running: the last one counts',
      [
        { ...delta({ content: 'a' }), usage: { ...usage, completion_tokens: 0 } },
        { ...stop, usage },
      ],
      counted,
    ],
    [
      'null in between',
      [
        { ...stop, usage },
        { choices: [], usage: null },
      ],
      counted,
    ],
    ['never', [stop], null],
    ['unreadable', [stop, { choices: [], usage: 'much' }], null],
  ])('token counts: %s', async (_, chunks, usage) => {
    expect(await chat(chunks)).toMatchObject({ finished: { usage } })
  })

  const failures: [string, unknown[], string[], string][] = [
    ['ends without a reason', [delta({ content: 'The answer is' })], ['The answer is'], 'MODEL_STREAM_CUT'],
    ['ends in the middle of a call', [piece(0, 'c1', 'a', '{"x":')], [], 'MODEL_STREAM_CUT'],
    ['holds nothing', [], [], 'MODEL_BAD_RESPONSE'],
    ['holds a number', [delta({ content: 'a' }), 7], ['a'], 'MODEL_BAD_RESPONSE'],
    ['holds choices that are none', [{ choices: 'x' }], [], 'MODEL_BAD_RESPONSE'],
    ['holds an error of an old server', [{ object: 'error', message: 'out of memory' }], [], 'MODEL_UNAVAILABLE'],
  ]
  test.each(failures)('that %s', async (_, chunks, texts, code) => {
    expect(await chat(chunks)).toEqual({ texts, code })
  })

  test('that breaks passes the error on, but not when only the counts are missing', async () => {
    const error = Object.assign(new Error('broken'), { code: 'ECONNRESET' })
    expect(await chat([delta({ content: 'a' })], error)).toEqual({ texts: ['a'], code: 'ECONNRESET' })
    expect(await chat([delta({ content: 'a' }), stop], error)).toMatchObject({
      texts: ['a'],
      finished: { usage: null },
    })
  })

  test('keeps thinking where the model wants it back', async () => {
    const chunks = [
      delta({ reasoning_content: 'let me ' }),
      delta({ reasoning_content: 'look' }),
      piece(0, 'c', 'a', '{}'),
      stop,
    ]
    expect((await chat(chunks, undefined, true)).finished?.reasoning).toEqual({
      wire: 'chat',
      model: 'm',
      thinking: 'let me look',
    })
    expect((await chat(chunks)).finished?.reasoning).toBeNull()
  })

  test('ends as other providers than OpenAI say it', async () => {
    const said = delta({ content: 'Well' })
    expect(await chat([said, delta({}, 'max_tokens')])).toMatchObject({ finished: { reason: 'length' } })
    expect(await chat([said, delta({}, 'insufficient_system_resource')])).toMatchObject({ code: 'MODEL_STREAM_CUT' })
  })
})

describe('a responses stream', () => {
  const created = { type: 'response.created', response: { id: 'r1', error: null } }
  const said = (delta: string) => ({
    type: 'response.output_text.delta',
    item_id: 'm1',
    output_index: 0,
    content_index: 0,
    delta,
  })
  const completed = (more: object = {}) => ({ type: 'response.completed', response: { id: 'r1', ...more } })
  const added = (output_index: number, item: object) => ({ type: 'response.output_item.added', output_index, item })
  const done = (output_index: number, item: object) => ({ type: 'response.output_item.done', output_index, item })
  const argued = (output_index: number, item_id: string, delta: string) => ({
    type: 'response.function_call_arguments.delta',
    output_index,
    item_id,
    delta,
  })
  const call = (at: number, text = '{"x":1}') => ({
    type: 'function_call',
    id: `fc_${at}`,
    call_id: `call_${at}`,
    name: `tool_${at}`,
    arguments: text,
  })

  test('text, a refusal and token counts', async () => {
    const usage = {
      input_tokens: 5,
      input_tokens_details: { cached_tokens: 2 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 3 },
    }
    const refusal = { ...said('No.'), type: 'response.refusal.delta' }
    expect(
      await responses([created, said('Hi'), said(''), refusal, { type: 'response.unheard_of' }, completed({ usage })]),
    ).toEqual({
      texts: ['Hi', 'No.'],
      finished: {
        type: 'finished',
        calls: [],
        reasoning: null,
        reason: 'stop',
        usage: { inputTokens: 5, cachedInputTokens: 2, outputTokens: 7, reasoningTokens: 3 },
      },
    })
  })

  const one = [['call_1', 'tool_1', '{"x":1}']]
  test.each([
    ['in pieces', [added(0, call(1, '')), argued(0, 'fc_1', '{"x"'), argued(0, 'fc_1', ':1}'), done(0, call(1))], one],
    ['in pieces, never finished', [added(0, call(1, '')), argued(0, 'fc_1', '{"x"'), argued(0, 'fc_1', ':1}')], one],
    ['only when finished', [done(0, call(1))], one],
    ['only in the final event', [], one],
    [
      'with an id that changes',
      [added(0, { ...call(1, ''), id: 'a' }), argued(0, 'b', '{"x":1}'), done(0, { ...call(1), id: 'c' })],
      one,
    ],
    [
      'side by side',
      [
        added(0, call(1, '')),
        added(1, call(2, '')),
        argued(1, 'fc_2', '{}'),
        argued(0, 'fc_1', '{"x":1}'),
        done(0, call(1)),
        done(1, call(2, '{}')),
      ],
      [...one, ['call_2', 'tool_2', '{}']],
    ],
    [
      'side by side, all numbered 0',
      [
        added(0, call(1, '')),
        argued(0, 'fc_1', '{"x":1}'),
        added(0, call(2, '')),
        argued(0, 'fc_2', '{}'),
        done(0, call(1)),
        done(0, call(2, '{}')),
      ],
      [...one, ['call_2', 'tool_2', '{}']],
    ],
  ])('calls: %s', async (_, events, expected) => {
    const output = events.length === 0 ? [call(1)] : []
    const { finished } = await responses([created, ...events, completed({ output })])
    expect(finished?.calls.map((it) => [it.id, it.name, it.arguments])).toEqual(expected)
  })

  test('text that comes as a whole item', async () => {
    const message = { type: 'message', id: 'm1', content: [{ type: 'output_text', text: 'Hi' }] }
    expect(await responses([created, done(0, message), completed()])).toMatchObject({ texts: ['Hi'] })
    expect(await responses([created, completed({ output: [message] })])).toMatchObject({ texts: ['Hi'] })
    expect(await responses([created, said('Hi'), done(0, message), completed({ output: [message] })])).toMatchObject({
      texts: ['Hi'],
    })
  })

  test('reasoning is kept whole and in its place, without what the provider does not take back', async () => {
    const reasoning = (id: string, more: object) => ({
      type: 'reasoning',
      id,
      summary: [],
      status: 'completed',
      ...more,
    })
    const { finished } = await responses([
      created,
      done(0, reasoning('rs_1', { encrypted_content: 'x1' })),
      added(1, call(1, '')),
      done(1, call(1)),
      done(2, reasoning('rs_2', { content: [{ type: 'reasoning_text', text: 'open' }] })),
      done(3, { type: 'message', id: 'm', content: [], phase: 'commentary' }),
      done(4, reasoning('rs_3', { encrypted_content: null })),
      completed(),
    ])
    expect(finished?.reasoning).toEqual({
      wire: 'responses',
      model: 'm',
      parts: [
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'x1' },
        { type: 'call' },
        { type: 'reasoning', id: 'rs_2', summary: [], content: [{ type: 'reasoning_text', text: 'open' }] },
        { type: 'message', phase: 'commentary' },
      ],
    })
  })

  test.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'filter'],
    [undefined, 'length'],
  ])('incomplete because of %s', async (told, reason) => {
    const incomplete = { type: 'response.incomplete', response: { id: 'r1', incomplete_details: { reason: told } } }
    expect(await responses([created, said('Hi'), incomplete])).toMatchObject({ texts: ['Hi'], finished: { reason } })
  })

  test.each([
    [
      'failed, busy',
      { type: 'response.failed', response: { error: { code: 'rate_limit_exceeded', message: 'x' } } },
      'MODEL_RATE_LIMITED',
    ],
    [
      'failed, broken',
      { type: 'response.failed', response: { error: { code: 'server_error', message: 'x' } } },
      'MODEL_UNAVAILABLE',
    ],
    ['failed, without a word', { type: 'response.failed', response: { error: null } }, 'MODEL_UNAVAILABLE'],
    [
      'failed, too long',
      { type: 'response.failed', response: { error: { code: 'context_length_exceeded', message: 'x' } } },
      'CONTEXT_TOO_LONG',
    ],
    ['an error event', { type: 'error', code: 'server_error', message: 'x', param: null }, 'MODEL_UNAVAILABLE'],
    ['no event', 'hello', 'MODEL_BAD_RESPONSE'],
    ['an event without a type', { delta: 'x' }, 'MODEL_BAD_RESPONSE'],
    ['a delta that is none', { type: 'response.output_text.delta', delta: 7 }, 'MODEL_BAD_RESPONSE'],
    ['arguments without a call', { type: 'response.function_call_arguments.delta', delta: '{}' }, 'MODEL_BAD_RESPONSE'],
  ])('%s', async (_, event, code) => {
    expect(await responses([created, said('Hi'), event])).toEqual({ texts: ['Hi'], code })
  })

  test('that ends without its final event is cut, also when it had nothing to say', async () => {
    expect(await responses([created, said('Hi')])).toEqual({ texts: ['Hi'], code: 'MODEL_STREAM_CUT' })
    expect(await responses([created])).toEqual({ texts: [], code: 'MODEL_STREAM_CUT' })
    expect(await responses([])).toEqual({ texts: [], code: 'MODEL_BAD_RESPONSE' })
    expect(await responses([said('Hi'), completed()], new Error('late'))).toMatchObject({
      texts: ['Hi'],
      finished: { reason: 'stop' },
    })
  })
})

describe('speech', () => {
  const spoken = (...pieces: string[]) => {
    const speech = createSpeech()
    return pieces.map((it) => speech.hear(it)).join('') + speech.rest()
  }
  test.each([
    [['<think>a</think>b'], 'b'],
    [['\n<think>', 'a', '</think>', '\n\nb'], 'b'],
    [[...'<think>a < b </thin</think>\nb'], 'b'],
    [['<thinking>a</think></thinking>b'], 'b'],
    [['<think>', 'never ends'], ''],
    [['<thin', 'g>'], '<thing>'],
    [['<th'], '<th'],
    [['a <think>b</think>'], 'a <think>b</think>'],
    [[' ', ' a'], '  a'],
    [[...'naïve 漢字 🧩'.split('')], 'naïve 漢字 🧩'],
    [['\udde9', 'a\0b', '\ud83e', 'c'], '\ufffdab\ufffdc'],
  ])('%j', (pieces, text) => {
    expect(spoken(...pieces)).toBe(text)
    expect(text.isWellFormed()).toBe(true)
  })
})

test('calls get ids that fit and names that can be stored', () => {
  const long = 'x'.repeat(300)
  expect(
    finishedCalls([{ id: 'call_2', name: long }, { id: '' }, { id: long }, { id: 'call_2' }, {}]).map((it) => it.id),
  ).toEqual(['call_2', 'call_3', 'call_4', 'call_5', 'call_6'])
  expect(finishedCalls([{ id: 'a', name: long }])[0]?.name).toHaveLength(200)
})
