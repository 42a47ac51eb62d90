import { describe, expect, test } from 'vitest'
import { type ForeignFormat, readForeign } from '../api/transfer/foreign.ts'

const time = '2026-01-01T10:00:00.000Z'
const many = 100_000

/** What was made of each conversation: its messages, or the problem. */
function read(format: ForeignFormat, ...conversations: object[]) {
  return [...readForeign(format, conversations)].map((it) =>
    'moved' in it ? it.moved.messages.map(({ content }) => content) : it.problem,
  )
}

const claude = (messages: object[]) => ({ uuid: 'c', name: 'C', created_at: time, chat_messages: messages })
const saidByClaude = (uuid: string, parent?: string, more: object = {}) => ({
  ...{ uuid, sender: 'human', text: uuid, created_at: time },
  ...(parent !== undefined && { parent_message_uuid: parent }),
  ...more,
})

const chatgptNode = (id: string, parent: string | null, role = 'user', more: object = {}) => ({
  ...{ id, parent },
  message: { author: { role }, content: { content_type: 'text', parts: [id] }, ...more },
})
const chatgpt = (nodes: { id: string }[]) => ({
  ...{ title: 'G', create_time: 1_700_000_000, id: 'g' },
  mapping: Object.fromEntries(nodes.map((node, at) => [`${at} ${node.id}`, node])),
})

const librechat = (messages: object[]) => ({ conversationId: 'l', messages })
const saidByLibrechat = (messageId: string, parentMessageId: string | null, more: object = {}) => ({
  ...{ messageId, parentMessageId, text: messageId, isCreatedByUser: true },
  ...more,
})

const openWebui = (messages: { id: string; parentId: string | null; content?: string }[]) => ({
  id: 'o',
  chat: {
    history: { messages: Object.fromEntries(messages.map((it, at) => [at, { role: 'user', content: it.id, ...it }])) },
  },
})

type Node = [id: string, parent: string | null]
/** The same tree as each of the programs would write it. */
const programs: [ForeignFormat, (nodes: readonly Node[]) => object][] = [
  ['chatgpt', (nodes) => chatgpt(nodes.map(([id, parent]) => chatgptNode(id, parent)))],
  ['claude', (nodes) => claude(nodes.map(([id, parent]) => saidByClaude(id, parent ?? '')))],
  ['librechat', (nodes) => librechat(nodes.map(([id, parent]) => saidByLibrechat(id, parent)))],
  ['open-webui', (nodes) => openWebui(nodes.map(([id, parentId]) => ({ id, parentId })))],
]

describe.each(programs)('%s', (format, written) => {
  test('one id for two messages is told', () => {
    const circle: Node[] = [
      ['a', null],
      ['b', 'a'],
      ['a', 'b'],
    ]
    const twice = Array.from({ length: 60 }, (_, n): Node => [`${n >> 1}`, n < 2 ? null : `${(n >> 1) - 1}`])
    expect(read(format, written(circle), written(twice), written([['x', null]]))).toEqual([
      'message a is there twice',
      'message 0 is there twice',
      ['x'],
    ])
  })

  test('circles begin somewhere, and nothing of them is lost', () => {
    const parents = { u: null, a: 'u', own: 'own', x: 'z', y: 'x', z: 'y' }
    const nodes = Object.entries(parents).map(([id, parent]): Node => [id, parent])
    const [found] = read(format, written(nodes))
    expect([...(found ?? [])].sort()).toEqual(['a', 'own', 'u', 'x', 'y', 'z'])
    expect(String(found)).toContain('x,y,z')
  })

  test('a circle of very many is read in its order', { timeout: 120_000 }, () => {
    const circle = Array.from({ length: many }, (_, n): Node => [`${n}`, `${n === 0 ? many - 1 : n - 1}`])
    expect(read(format, written(circle))[0]).toEqual(circle.map(([id]) => id))
  })
})

test('a list in which an id comes again is told', () => {
  const list = ['a', 'b', 'a'].map((uuid) => saidByClaude(uuid))
  expect(read('claude', claude(list))).toEqual(['message a is there twice'])
})

test('answers below a long row of what is not shown are read', { timeout: 120_000 }, () => {
  const hidden = Array.from({ length: many }, (_, n) => chatgptNode(`h${n}`, n ? `h${n - 1}` : null, 'nobody'))
  const shown = Array.from({ length: many }, (_, n) => chatgptNode(`s${n}`, `h${many - 1}`))
  expect(read('chatgpt', chatgpt([...hidden, ...shown]))[0]?.length).toBe(many)
})

test('a call with a long row of results has them all', { timeout: 120_000 }, () => {
  const rest = Array.from({ length: many }, (_, n) => chatgptNode(`t${n}`, n ? `t${n - 1}` : 'c', 'tool'))
  const nodes = [chatgptNode('u', null), chatgptNode('c', 'u', 'assistant', { recipient: 'python' }), ...rest]
  const file = { ...chatgpt([]), mapping: Object.fromEntries(nodes.map((it) => [it.id, it])) }
  const [found] = [...readForeign('chatgpt', file)]
  const call = found && 'moved' in found ? found.moved.messages[1]?.toolCalls[0] : undefined
  expect(call?.resultText?.split('\n\n')).toEqual(rest.map(({ id }) => id))
})

test('calls get their own results, and those without a name the first that waits', { timeout: 120_000 }, () => {
  const uses = Array.from({ length: many }, (_, n) => ({ type: 'tool_use', id: `${n}`, name: 'f', input: {} }))
  const results = uses.map(({ id }, n) => ({ type: 'tool_result', content: id, ...(n % 2 && { tool_use_id: id }) }))
  const answer = saidByClaude('a', 'u', { sender: 'assistant', content: [...uses, ...results] })
  const [found] = [...readForeign('claude', claude([saidByClaude('u'), answer]))]
  const calls = found && 'moved' in found ? found.moved.messages[1]?.toolCalls : []
  expect(calls?.map(({ resultText }) => resultText)).toEqual(uses.map(({ id }) => id))
})

test('very many parts and children are read', { timeout: 120_000 }, () => {
  const content = Array.from({ length: many * 3 }, () => ({ type: 'text', text: 'x' }))
  expect(read('claude', claude([saidByClaude('a', '', { content })]))[0]?.[0]?.length).toBe(many * 9 - 2)
  const children = Array.from({ length: many * 3 }, (_, n) => saidByLibrechat(`${n}`, 'root'))
  expect(read('librechat', librechat([saidByLibrechat('root', null, { children })]))[0]?.length).toBe(many * 3 + 1)
})

test('what is nested too deeply is told, and the next one read', () => {
  const input: unknown = JSON.parse('['.repeat(many) + ']'.repeat(many))
  const deep = saidByClaude('a', 'u', { sender: 'assistant', content: [{ type: 'tool_use', input }] })
  expect(read('claude', claude([deep]), claude([saidByClaude('u')]))).toEqual(['is nested too deeply', ['u']])
})

describe('what Open WebUI folds up', () => {
  const texts = (content: string) => read('open-webui', openWebui([{ id: 'a', parentId: null, content }]))[0]?.[0]
  const thought = '<details type="reasoning" done="true">hm</details>'

  test('is left out where it ends, and text where it does not', () => {
    expect(texts(`a ${thought}b<details>c</details>`)).toBe('a b<details>c</details>')
    expect(texts('a <details type="reasoning">b')).toBe('a <details type="reasoning">b')
    expect(texts(`a ${thought} b <details type="tool_calls" c`)).toBe('a  b <details type="tool_calls" c')
    expect(texts(`<details type="reasoning"><details type="reasoning">${thought}a`)).toBe('a')
  })

  const long = 8_000_000
  const hard: [string, string][] = [
    ['beginnings without an end', '<details type="tool_calls" done="true">'],
    ['beginnings without a bracket', '<details type="reasoning" '],
    ['ends without a beginning', '</details>'],
  ]
  test.each(hard)('%s are text', { timeout: 120_000 }, (_, part) => {
    const content = part.repeat(long / part.length).trim()
    expect(texts(content)).toBe(content)
  })

  test('attributes without a value are none', { timeout: 120_000 }, () => {
    const more = `${'a'.repeat(long / 2)} ${'b="'.repeat(long / 8)}`
    expect(texts(`<details type="tool_calls" name="weather" ${more}></details>`)).toBe('*(used weather)*')
  })
})
