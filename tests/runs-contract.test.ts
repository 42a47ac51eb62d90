import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const sentences = readFileSync('docs/concepts/runs.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('- '))

test('what is written about runs names the test behind each sentence, and it is there', () => {
  expect(sentences.length).toBeGreaterThan(30)
  const named = (line: string) => /\*\(([a-z, -]+)\)\*$/.exec(line)?.[1]?.split(', ') ?? []
  expect(sentences.filter((line) => named(line).length === 0)).toEqual([])
  const missing = sentences.flatMap(named).filter((name) => !existsSync(`tests/${name}.test.ts`))
  expect(missing).toEqual([])
})
