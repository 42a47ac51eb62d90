import { describe, expect, test, vi } from 'vitest'
import { standardLimits } from '../../api/limits.ts'
import { readTools } from '../../api/tools/listed-tools.ts'
import { createSchemaChecks } from '../../api/tools/schema-checks.ts'
import { createTimeBox } from '../../api/tools/time-box.ts'
import { nameForModel } from '../../api/tools/tool-names.ts'

vi.setConfig({ testTimeout: 30_000 })

const checkOf = createSchemaChecks(createTimeBox(1_000))

function read(tools: readonly unknown[], limits = standardLimits) {
  return readTools('one', tools, {
    ...{ limits, checkOf },
    calledAs: (name) => nameForModel('one', name),
    needsApproval: (_, destructive) => destructive,
  })
}

const tool = (more: object = {}) => ({ name: 'good_one', inputSchema: { type: 'object' }, ...more })

const named = (names: readonly string[]) => read(names.map((name) => tool({ name })))

describe('the names that a model sees', () => {
  const everyModel = /^[A-Za-z0-9_-]{1,64}$/

  test('fit every model, whatever the server says', () => {
    const names = ['admin.users.list', 'user/get', 'has space', 'süß', '', 'n'.repeat(130), 'good_one', '__proto__']
    const { tools, leftOut } = named(names)
    expect(leftOut).toEqual([])
    expect(tools.map(({ spec }) => spec.name)).toEqual(names)
    const called = tools.map(({ spec }) => spec.calledAs)
    for (const name of called) expect(name).toMatch(everyModel)
    expect(new Set(called).size).toBe(names.length)
    expect(called).toContain('one__good_one')
  })

  test('differ when the tools do, and are the same in every order', () => {
    const pairs = [
      ...[
        ['s1', 'search'],
        ['s2', 'search'],
        ['s1_', 'search'],
        ['s1', '_search'],
        ['s1__search', 'x'],
        ['s1', 'search__x'],
      ],
      ...[
        ['a b', 'c'],
        ['a_b', 'c'],
        ['a.b', 'c'],
        ['s', 'a.b'],
        ['s', 'a/b'],
        ['s', 'a_b'],
      ],
      ...[
        ['s', 'x'.repeat(62)],
        ['s', 'x'.repeat(63)],
        ['s', `${'x'.repeat(63)}y`],
        ['s', ''],
      ],
    ] as [string, string][]
    const once = pairs.map((pair) => nameForModel(...pair))
    expect(new Set(once).size).toBe(pairs.length)
    expect(pairs.toReversed().map((pair) => nameForModel(...pair))).toEqual(once.toReversed())
    for (const name of once) expect(name).toMatch(everyModel)
  })

  test('cannot be taken by a tool that calls itself so', () => {
    const long = 'y'.repeat(100)
    const called = nameForModel('one', long)
    expect(nameForModel('one', called.replace('one__', ''))).not.toBe(called)
  })
})

describe('a tool', () => {
  test.each([
    ['no tool at all', null],
    ['without a name', { inputSchema: { type: 'object' } }],
    ['without a schema', { name: 'x' }],
    ['named by a NUL', tool({ name: 'a\0b' })],
    ['with half a character in its name', tool({ name: 'a\ud83d' })],
    ['with an endless name', tool({ name: 'x'.repeat(201) })],
    [
      'with a schema of too many bytes',
      tool({ name: 'x', inputSchema: { type: 'object', title: 'x'.repeat(32_768) } }),
    ],
    ['with a schema that is nested too deeply', tool({ name: 'x', inputSchema: { type: 'object', not: nested(40) } })],
    [
      'with a schema that is no end of nesting',
      tool({ name: 'x', inputSchema: { type: 'object', not: nested(5_000) } }),
    ],
    [
      'with a schema from elsewhere',
      tool({ name: 'x', inputSchema: { allOf: [{ $ref: 'https://evil.example/s.json' }] } }),
    ],
    [
      'with a schema from a file',
      tool({ name: 'x', inputSchema: { properties: { a: { $ref: 'file:///etc/passwd' } } } }),
    ],
    [
      'with a result from elsewhere',
      tool({ name: 'x', outputSchema: { type: 'object', $dynamicRef: '//evil.example' } }),
    ],
    ['with a schema that is none', tool({ name: 'x', inputSchema: { type: 'number of things' } })],
    ['with a reference to nothing', tool({ name: 'x', inputSchema: { $ref: '#/$defs/none' } })],
    ['that answers later only', tool({ name: 'x', execution: { taskSupport: 'required' } })],
    ['of a name that is taken', tool({ title: 'the second' })],
  ])('%s is left out, alone', (_, bad) => {
    const { tools, leftOut } = read([tool(), bad, tool({ name: 'another' })])
    expect(tools.map(({ spec }) => spec.name)).toEqual(['good_one', 'another'])
    expect(leftOut).toHaveLength(1)
  })

  test('is one of the first 64', () => {
    const { tools, leftOut } = named(Array.from({ length: 66 }, (_, at) => `t${at}`))
    expect([tools.length, leftOut.length]).toEqual([64, 2])
    expect(leftOut[0]).toBe('"t64": there are more than 64 tools')
  })

  test('is described in at most so many bytes, with a mark', () => {
    const { tools } = read([
      tool({ description: 'd '.repeat(200_000) }),
      tool({ name: 'ä', description: 'ä'.repeat(4_000) }),
    ])
    for (const { spec } of tools) {
      expect(Buffer.byteLength(spec.description)).toBeLessThanOrEqual(4_096)
      expect(spec.description).toMatch(/ … \(cut\)$/)
      expect(spec.description.isWellFormed()).toBe(true)
    }
  })

  test('says only what is understood', () => {
    const [only] = read([
      tool({
        title: 7,
        description: null,
        annotations: { readOnlyHint: 'yes', destructiveHint: true, title: 'W\0ipe' },
      }),
    ]).tools
    expect(only?.spec).toMatchObject({ title: 'Wipe', description: '', readOnly: false, destructive: true })
  })

  test('has a schema that providers take, and is checked by the whole of it', () => {
    const inputSchema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      properties: { city: { type: 'string' }, days: { $ref: '#/$defs/days' } },
      $defs: { days: { type: 'integer' } },
      anyOf: [{ required: ['city'] }, { required: ['days'] }],
    }
    const [first] = read([tool({ inputSchema })]).tools
    expect(first?.spec.inputSchema).toEqual({
      type: 'object',
      properties: inputSchema.properties,
      $defs: inputSchema.$defs,
    })
    expect(first?.input({})).toContain('must have required property')
    expect(first?.input({ days: 1 })).toBeNull()
    expect(first?.input({ days: 'x' })).toContain('days must be integer')
  })
})

describe('a schema that is a bomb', () => {
  const twice = Object.fromEntries(
    Array.from({ length: 40 }, (_, at) => [
      `d${at}`,
      at === 39 ? { type: 'string' } : { allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] },
    ]),
  )

  test.each([
    ['a pattern', { pattern: '^(a+)+$' }, `${'a'.repeat(40)}b`],
    ['a pattern for keys', { patternProperties: { '^(a+)+$': {} } }, { [`${'a'.repeat(40)}b`]: 1 }],
    ['uniqueness', { type: 'array', uniqueItems: true }, Array.from({ length: 200_000 }, (_, n) => ({ n }))],
    ['references that double', { $ref: '#/$defs/d0', $defs: twice }, 'x'],
  ])('does not hold anything up: %s', (_, schema, value) => {
    const { $defs = {}, ...x } = schema as { $defs?: object }
    const { tools, leftOut } = read([tool({ inputSchema: { type: 'object', properties: { x }, $defs } })])
    const since = performance.now()
    const told = tools[0]?.input({ x: value }) ?? leftOut[0]
    expect(told).toBeDefined()
    expect(performance.now() - since).toBeLessThan(8_000)
  })
})

function nested(depth: number): object {
  let schema: object = {}
  for (let at = 0; at < depth; at++) schema = { not: schema }
  return schema
}
