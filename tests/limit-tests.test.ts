import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { limitsSchema } from '../api/limits.ts'

const tests = globSync('tests/**/*.test.{ts,tsx}').map((file) => readFileSync(file, 'utf8'))

/** As a test sets it, reads it or has a row for it. What is a common word as well has to stand where limits are. */
const used = (name: string) =>
  new RegExp(/[A-Z]/.test(name) ? `\\b${name}\\b` : `limits: \\{[^}]*\\b${name}:|\\({ ${name}:`)

test.each(Object.keys(limitsSchema.shape))('%s is tried by some test', (name) => {
  expect(tests.some((text) => used(name).test(text))).toBe(true)
})
