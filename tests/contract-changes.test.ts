import { readFileSync } from 'node:fs'
import { buildSchema } from 'graphql'
import { describe, expect, test } from 'vitest'
import { printedSchema } from '../api/graphql/print-schema.ts'
import { unannouncedChanges, undatedDeprecations } from './support/contract-changes.ts'

const baseline = () => buildSchema(readFileSync('schema/baseline.graphql', 'utf8'))
const today = new Date().toISOString().slice(0, 10)

describe('the contract', () => {
  test('breaks nothing of the last release, but what was deprecated with a day that has come', () => {
    expect(unannouncedChanges(baseline(), buildSchema(printedSchema()), today)).toEqual([])
  })

  test('says until when what is deprecated stays', () => {
    expect(undatedDeprecations(buildSchema(printedSchema()))).toEqual([])
  })

  test('has a changelog whose newest entry is what comes next or a release', () => {
    const [, newest = ''] = /^## (.+)$/m.exec(readFileSync('schema/CHANGELOG.md', 'utf8')) ?? []
    expect(newest).toMatch(/^(Unreleased|\d{4}-\d{2}-\d{2})$/)
  })
})

describe('a change', () => {
  const before = `
    type Query {
      kept(size: Int, unit: String @deprecated(reason: "Always metres. Gone from 2026-01-01.")): Int
      soon: Int @deprecated(reason: "Use kept. Gone from 2026-01-01.")
      undated: Int @deprecated(reason: "Use kept.")
      color: Color
      old: Old @deprecated(reason: "Gone from 2026-01-01.")
    }
    type Old { a: Int @deprecated(reason: "Gone from 2026-01-01.") }
    enum Color { RED BLUE @deprecated(reason: "Gone from 2026-01-01.") }`

  const changed = (change: (text: string) => string, day = '2026-01-01') =>
    unannouncedChanges(buildSchema(before), buildSchema(change(before)), day)
  const without = (part: string | RegExp) => (text: string) => text.replace(part, '')

  test.each([
    ['a field', without(/soon: .*/)],
    ['an argument', without(/, unit: String @deprecated\(.*?\)/)],
    ['a value', without(/BLUE @deprecated\(.*?\)/)],
    ['a type with the field that gave it', (text: string) => text.replace(/old: .*/, '').replace(/type Old.*/, '')],
  ])('that takes away %s is let through from its day on', (_, change) => {
    expect(changed(change)).toEqual([])
    expect(changed(change, '2025-12-31').length).toBeGreaterThan(0)
  })

  test.each([
    ['takes away a field that was not deprecated', without('color: Color')],
    ['takes away a field that was deprecated without a day', without(/undated: .*/)],
    ['takes away a value that was not deprecated', without('RED')],
    ['gives a field another type', (text: string) => text.replace('kept(', 'kept(').replace('): Int', '): String')],
    ['gives a deprecated field another type', (text: string) => text.replace('soon: Int', 'soon: String')],
    ['wants one argument more', (text: string) => text.replace('size: Int', 'size: Int, more: Int!')],
    ['makes an argument required', (text: string) => text.replace('size: Int', 'size: Int!')],
  ])('that %s is not let through', (_, change) => {
    expect(changed(change, '2099-01-01')).toHaveLength(1)
  })

  test('that only adds is', () => {
    expect(
      changed((text) => text.replace('color: Color', 'color: Color more: Int').replace('RED', 'RED GREEN')),
    ).toEqual([])
  })

  test('undated deprecations are named', () => {
    expect(undatedDeprecations(buildSchema(before))).toEqual(['Query.undated'])
  })
})
