import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  type Adding,
  keep,
  keptAt,
  stillOnTheirWay,
  watchKept,
  withTask,
} from '../../web/app/routes/dashboard._index/outgoing-tasks.ts'

const task = (key: string) => ({ title: key, dueOn: null, key })
const failed = (key: string, kept = true): Adding => ({ ...task(key), failure: 'No.', busy: false, kept })

test('an attempt that fails says so, unless another one was done with the task meanwhile', () => {
  expect(withTask([], failed('a'), [task('a')])).toEqual([failed('a')])
  expect(withTask([failed('a'), failed('b')], failed('a'), [task('b')])).toEqual([failed('b')])
})

test('where nothing can be kept a failure stays until it is tried again', () => {
  expect(withTask([], failed('a', false), [])).toEqual([failed('a', false)])
  expect(stillOnTheirWay([failed('a', false)], [])).toEqual([failed('a', false)])
})

test('a notice goes when the task that it is about is not kept any more', () => {
  expect(stillOnTheirWay([failed('a'), failed('b')], [task('a')])).toEqual([failed('a')])
})

const stored = new Map<string, string>()
beforeEach(() => {
  vi.stubGlobal('window', new EventTarget())
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, text: string) => stored.set(key, text),
    removeItem: (key: string) => stored.delete(key),
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  stored.clear()
})

test('who attempts the same hears of it, in this tab and in another one, as long as they listen', () => {
  const seen: string[][] = []
  const end = watchKept(() => seen.push(keptAt('here').map(({ key }) => key)))
  keep('here', (all) => [...all, task('a'), task('b')])
  keep('here', (all) => all.filter(({ key }) => key !== 'a'))
  stored.delete('here')
  window.dispatchEvent(new Event('storage'))
  end()
  keep('here', () => [task('c')])
  expect(seen).toEqual([['a', 'b'], ['b'], []])
})
