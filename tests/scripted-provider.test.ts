import { describe, expect, test } from 'vitest'
import { type Api, readRequest } from './support/strict-request.ts'

/** The played provider is as good as what it refuses: these are requests that OpenAI answers with 400. */
const none = new Map<string, string>()
const bytes = (body: unknown) => new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
const read = (api: Api, body: unknown, reasoning = none) => readRequest(api, bytes(body), {}, reasoning)

const user = { type: 'message', role: 'user', content: 'Hi' }
const call = (call_id: string) => ({ type: 'function_call', call_id, name: 'weather', arguments: '{}' })
const output = (call_id: string) => ({ type: 'function_call_output', call_id, output: 'cold' })
const thought = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'x' }
const responses = (input: unknown[], more = {}) => ({ model: 'm', stream: true, store: false, input, ...more })

const asked = { role: 'user', content: 'Hi' }
const called = (...ids: string[]) => ({
  role: 'assistant',
  content: null,
  tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'weather', arguments: '{}' } })),
})
const told = (tool_call_id: string) => ({ role: 'tool', tool_call_id, content: 'cold' })
const chat = (messages: unknown[], more = {}) => ({ model: 'm', stream: true, messages, ...more })

describe('the strict provider', () => {
  test('takes what is right', () => {
    expect(
      read('responses', responses([user, thought, call('a'), call('b'), output('b'), output('a'), user])).transcript,
    ).toHaveLength(7)
    expect(
      read('chat', chat([asked, called('a', 'b'), told('b'), told('a'), called('a'), told('a'), asked])).transcript,
    ).toHaveLength(8)
  })

  const tool = { type: 'function', name: 'weather', parameters: { type: 'object' } }
  test.each<[string, Api, unknown, RegExp]>([
    ['no JSON', 'responses', '{', /could not parse/],
    ['bytes that are no UTF-8', 'responses', '', /could not parse/],
    ['half a character', 'responses', responses([{ ...user, content: '\ud83d' }]), /well-formed/],
    ['NUL', 'responses', responses([{ ...user, content: 'a\0' }]), /U\+0000/],
    ['an unknown member', 'responses', responses([user], { temprature: 1 }), /temprature/],
    ['an unknown member of an item', 'responses', responses([{ ...output('a'), status: null }]), /status/],
    [
      'a request to remember',
      'responses',
      responses([user], { previous_response_id: 'resp_1' }),
      /previous_response_id/,
    ],
    ['nothing', 'responses', responses([]), /input/],
    ['empty content', 'responses', responses([{ ...user, content: '' }]), /empty/],
    ['a call without an answer', 'responses', responses([user, call('a')]), /No tool output found for a/],
    [
      'a call without an answer in between',
      'responses',
      responses([user, call('a'), user, output('a')]),
      /No tool output/,
    ],
    ['an answer without a call', 'responses', responses([user, output('a')]), /No tool call found/],
    [
      'two answers to one call',
      'responses',
      responses([user, call('a'), output('a'), output('a')]),
      /No tool call found/,
    ],
    ['an id twice', 'responses', responses([user, call('a'), output('a'), call('a'), output('a')]), /Duplicate/],
    ['an id that is too long', 'responses', responses([user, call('x'.repeat(65)), output('x'.repeat(65))]), /call_id/],
    [
      'arguments that are no object',
      'responses',
      responses([user, { ...call('a'), arguments: '[]' }, output('a')]),
      /JSON/,
    ],
    ['a name that is none', 'responses', responses([user, { ...call('a'), name: 'a b' }, output('a')]), /name/],
    ['two tools of one name', 'responses', responses([user], { tools: [tool, tool] }), /unique/],
    ['reasoning that leads nowhere', 'responses', responses([thought, user]), /without its required following item/],
    ['empty content', 'chat', chat([asked, { role: 'assistant', content: '' }]), /content/],
    ['an empty answer', 'chat', chat([asked, { role: 'assistant', content: null }]), /empty/],
    [
      'a call without an answer',
      'chat',
      chat([asked, called('a', 'b'), told('a'), asked]),
      /No tool output found for b/,
    ],
    ['an answer without a call', 'chat', chat([asked, told('a')]), /No tool call found/],
    ['an id twice in a turn', 'chat', chat([asked, called('a', 'a'), told('a'), told('a')]), /Duplicate/],
    [
      'thinking nobody asked for',
      'chat',
      chat([asked, { role: 'assistant', content: 'x', reasoning_content: 'y' }]),
      /reasoning_content/,
    ],
  ])('refuses %s on %s', (_, api, body, message) => {
    expect(() => read(api, body)).toThrow(message)
  })

  test('refuses bytes that are no UTF-8', () => {
    expect(() => readRequest('chat', Uint8Array.of(0x22, 0xff, 0x22), {}, none)).toThrow(/could not parse/)
  })

  test('refuses a call whose reasoning is missing or elsewhere', () => {
    const reasoning = new Map([['a', 'rs_1']])
    const missing = /without its required 'reasoning' item: 'rs_1'/
    expect(() => read('responses', responses([user, call('a'), output('a')]), reasoning)).toThrow(missing)
    expect(() =>
      read('responses', responses([thought, { ...user, role: 'assistant' }, user, call('a'), output('a')]), reasoning),
    ).toThrow(missing)
    expect(read('responses', responses([user, thought, call('a'), output('a')]), reasoning).transcript).toHaveLength(4)
  })
})
