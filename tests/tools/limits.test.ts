import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Limits, standardLimits } from '../../api/limits.ts'
import { Breaker } from '../../api/tools/breaker.ts'
import { readTools } from '../../api/tools/listed-tools.ts'
import { createSchemaChecks } from '../../api/tools/schema-checks.ts'
import { readArguments } from '../../api/tools/tool-arguments.ts'
import { toToolResult } from '../../api/tools/tool-result.ts'

/** How many of so many tools, described so, with schemas of so many bytes, are taken; and as what. */
function taken({ count = 1, description = '', schemaBytes = 0 }) {
  const inputSchema = { type: 'object', title: '' }
  inputSchema.title = 'x'.repeat(Math.max(0, schemaBytes - JSON.stringify(inputSchema).length))
  const listed = Array.from({ length: count }, (_, at) => ({ name: `t${at}`, description, inputSchema }))
  return readTools('one', listed, {
    ...{ limits: standardLimits, checkOf: createSchemaChecks() },
    ...{ calledAs: (name: string) => name, needsApproval: () => false },
  })
}

const readBytes = standardLimits.toolReadBytes
const textOf = (bytes: number) =>
  toToolResult({ content: [{ type: 'text', text: 'x'.repeat(bytes) }] }, null, readBytes).text

/** Whether as much as this passes whole. */
const passes: Partial<Record<keyof Limits, (amount: number) => boolean>> = {
  toolArgumentBytes: (bytes) =>
    readArguments(`{"a":"${'x'.repeat(bytes - 8)}"}`, standardLimits.toolArgumentBytes).problem === null,
  toolReadBytes: (bytes) => !textOf(bytes).includes('[Cut here'),
  toolsPerServer: (count) => taken({ count }).leftOut.length === 0,
  toolDescriptionBytes: (bytes) =>
    taken({ description: 'x'.repeat(bytes) }).tools[0]?.spec.description.length === bytes,
  toolSchemaBytes: (schemaBytes) => taken({ schemaBytes }).leftOut.length === 0,
  breakerFailures: (failures) => {
    const breaker = new Breaker(standardLimits)
    for (let n = 1; n < failures; n++) breaker.failed()
    return breaker.waitMs === 0
  },
}

describe('as much as the limit passes, and not one more', () => {
  test.each(Object.entries(passes))('%s', (name, isPassed) => {
    const limit = standardLimits[name as keyof typeof passes] ?? 0
    expect([limit - 1, limit, limit + 1].map(isPassed)).toEqual([true, true, false])
  })
})

afterEach(() => {
  vi.useRealTimers()
})

test('breakerSeconds: so long nothing is let through, and then the first failure closes the way again', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const breaker = new Breaker(standardLimits)
  for (let n = 0; n < standardLimits.breakerFailures; n++) breaker.failed()
  for (let round = 0; round < 2; round++) {
    const until = Date.now() + standardLimits.breakerSeconds * 1_000
    vi.setSystemTime(until - 1)
    expect(breaker.waitMs).toBe(1)
    vi.setSystemTime(until)
    expect(breaker.waitMs).toBe(0)
    breaker.failed()
  }
})

test('what is over the limit is cut between characters, and the structure is left to the text', () => {
  const raw = { content: [], structuredContent: { text: 'ä'.repeat(readBytes) } }
  expect(toToolResult(raw, null, readBytes)).toMatchObject({ ok: true, structured: null })
  expect(textOf(readBytes + 1)).toBe(
    `${'x'.repeat(readBytes)}\n[Cut here: the result is longer than ${readBytes} bytes.]`,
  )
})
