import { expect, test } from 'vitest'
import { withinBudget } from '../api/runs/history.ts'
import type { HistoryEntry } from '../api/runs/model.ts'
import { tokensOf } from '../api/runs/tokens.ts'

const tokens = (entries: readonly HistoryEntry[]) => entries.reduce((sum, entry) => sum + tokensOf(entry), 0)

test('results that are too much even by themselves are shortened, so that the question can still be answered', () => {
  const calls = Array.from({ length: 8 }, (_, n) => ({ callId: `${n}`, id: `${n}`, name: 'read', arguments: '{}' }))
  const words = 'All work and no play makes Jack a dull boy. '.repeat(1_400)
  const history: HistoryEntry[] = [
    { role: 'user', text: 'Long ago' },
    { role: 'user', text: 'What is in these files?' },
    { role: 'assistant', text: '', calls },
    ...calls.map(
      ({ id }): HistoryEntry => ({ role: 'tool', callId: id, name: 'read', output: id === '0' ? 'short' : words }),
    ),
  ]
  const budget = 20_000
  expect(tokens(history.slice(1))).toBeGreaterThan(budget)
  const shown = withinBudget(history, budget, tokensOf)
  expect(tokens(shown)).toBeLessThanOrEqual(budget)
  expect(tokens(shown)).toBeGreaterThan(budget / 3)
  expect(shown.slice(0, 3)).toEqual(history.slice(1, 4).with(0, history[1] as HistoryEntry))
  const outputs = shown.flatMap((entry) => (entry.role === 'tool' ? [entry.output] : []))
  expect(outputs).toEqual(['short', ...Array(7).fill(expect.stringMatching(/\[shortened: \d+ of 61600 bytes\]$/))])
})

test('results are not shortened where that cannot help', () => {
  const call = { callId: '1', id: '1', name: 'read', arguments: '{}' }
  const history: HistoryEntry[] = [
    { role: 'user', text: 'word '.repeat(5_000) },
    { role: 'assistant', text: '', calls: [call] },
    { role: 'tool', callId: '1', name: 'read', output: 'found '.repeat(500) },
  ]
  expect(withinBudget(history, 1_000, tokensOf)).toEqual(history)
})

test('a question that is too long by itself stays whole, once', () => {
  const history: HistoryEntry[] = [{ role: 'user', text: 'word '.repeat(5_000) }]
  expect(withinBudget(history, 100, tokensOf)).toEqual(history)
})
