import { expect, test } from 'vitest'
import { beforeOf, combine, idsBefore, type Seen, type Task } from '../../web/app/routes/dashboard._index/told-tasks.ts'

const task = (id: string, minute: number, completedAt: string | null = null): Task => ({
  ...{ id, title: id, notes: null, dueOn: null, completedAt, createdAt: `2027-01-01T10:0${minute}:00.000Z` },
})
const seen = (more: Partial<Seen> = {}): Seen => ({
  ...{ open: [task('c', 5), task('b', 4)], done: [task('a', 3, 'then')], all: false, told: new Map() },
  ...more,
})

test.each([
  ['one of the open ones', seen(), 'b', task('b', 4, 'now'), 'OPEN'],
  ['one of the done ones', seen(), 'a', null, 'DONE'],
  ['one that was written down since', seen(), 'd', task('d', 6), 'NEW'],
  ['one that stands further down', seen(), 'z', task('z', 1), 'UNSEEN'],
  ['one that stood further down and is gone', seen(), 'z', null, 'UNSEEN'],
  ['any other one when all are here', seen({ all: true }), 'z', task('z', 1), 'NEW'],
  ['the first one of all', seen({ open: [], done: [], all: true }), 'd', task('d', 6), 'NEW'],
  [
    'one that came since and is gone',
    seen({ told: new Map([['d', { task: null, before: 'NEW' }]]) }),
    'd',
    null,
    'NEW',
  ],
] as const)('where a task stood that something is told about: %s', (_, seen, id, task, before) => {
  expect(beforeOf(seen, id, task)).toBe(before)
})

test('a task that moved to the other list counts where it was read, and is there once', () => {
  const told: Seen['told'] = new Map([['b', { task: task('b', 4, 'now'), before: 'OPEN' }]])
  // The next page of what is done was asked for after it moved there.
  const lists = { ...seen(), done: [task('b', 4, 'now'), task('a', 3, 'then')], told }
  expect([...idsBefore(lists.open, told, 'OPEN')]).toEqual(['c', 'b'])
  expect([...idsBefore(lists.done, told, 'DONE')]).toEqual(['a'])
  expect(combine(lists).map(({ id, completedAt }) => [id, completedAt])).toEqual([
    ...[
      ['c', null],
      ['b', 'now'],
      ['a', 'then'],
    ],
  ])
})
