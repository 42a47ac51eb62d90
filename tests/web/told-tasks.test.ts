import { expect, test } from 'vitest'
import {
  aged,
  beforeOf,
  combine,
  idsBefore,
  type Seen,
  settle,
  type Task,
  withHeld,
} from '../../web/app/routes/dashboard._index/told-tasks.ts'

const at = (minute: number) => `2027-01-01T10:0${minute}:00.000Z`
const task = (id: string, minute: number, completedAt: string | null = null, changed = minute): Task => ({
  ...{ id, title: id, notes: null, dueOn: null, completedAt, createdAt: at(minute), updatedAt: at(changed) },
})
/** Something that was told of a task that had been open. */
const told = (task: Task | null, fresh = true) => ({ task, before: 'OPEN' as const, fresh })
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
    seen({ told: new Map([['d', { task: null, before: 'NEW', fresh: true }]]) }),
    'd',
    null,
    'NEW',
  ],
] as const)('where a task stood that something is told about: %s', (_, seen, id, task, before) => {
  expect(beforeOf(seen, id, task)).toBe(before)
})

test('a task that moved to the other list counts where it was read, and is there once', () => {
  const changes: Seen['told'] = new Map([['b', told(task('b', 4, 'now'))]])
  // The next page of what is done was asked for after it moved there.
  const lists = { ...seen(), done: [task('b', 4, 'now'), task('a', 3, 'then')], told: changes }
  expect([...idsBefore(lists.open, changes, 'OPEN')]).toEqual(['c', 'b'])
  expect([...idsBefore(lists.done, changes, 'DONE')]).toEqual(['a'])
  expect(combine(lists).map(({ id, completedAt }) => [id, completedAt])).toEqual([
    ...[
      ['c', null],
      ['b', 'now'],
      ['a', 'then'],
    ],
  ])
})

test('what is later than a new reading still holds, and counts where the reading has it', () => {
  const changed = task('b', 4, 'now', 7)
  const held = settle(seen({ told: new Map([['b', told(changed, false)]]) }))
  expect(held.get('b')).toEqual({ task: changed, before: 'OPEN', fresh: false })
  const moved = { open: [task('c', 5)], done: [task('b', 4, 'now', 6), task('a', 3, 'then')] }
  expect(settle(seen({ ...moved, told: held })).get('b')?.before).toBe('DONE')
})

test.each([
  ['what the reading has too', task('b', 4, 'now', 6), task('b', 4, 'now', 6), []],
  ['what the reading has later', task('b', 4, 'now', 6), task('b', 4, null, 7), []],
  ['what is not among what was read any more', task('z', 6), task('b', 4), []],
])('a new reading ends what was told before it was asked for: %s', (_, change, read, expected) => {
  const before = aged(new Map([[change.id, told(change)]]))
  expect([...settle(seen({ open: [read], told: before })).keys()]).toEqual(expected)
})

test.each([
  ['a new task', task('d', 6), 'NEW'],
  ['one that shows as done before the answer is here', task('b', 4, 'now'), 'OPEN'],
])('a reading that may have been too early does not undo what was told meanwhile: %s', (_, change, before) => {
  const held = settle(seen({ told: new Map([[change.id, told(change)]]) }))
  expect(held.get(change.id)).toEqual({ task: change, before, fresh: true })
})

test('what is gone stays gone, however early the page was read', () => {
  const held = settle(seen({ told: aged(new Map([['b', told(null)]])) }))
  expect(combine({ ...seen(), told: held }).map(({ id }) => id)).toEqual(['c', 'a'])
  // Told again, it is no reason to read anew.
  expect(beforeOf(seen({ told: settle(seen({ open: [task('c', 5)], told: held })) }), 'b', null)).toBe('NEW')
})

test('of a task that was read twice the later one counts, and a late page is not undone by what was told earlier', () => {
  const lists = { open: [task('b', 4, null, 8)], done: [task('b', 4, 'then', 6)] }
  expect(combine({ ...lists, told: new Map([['b', told(task('b', 4, 'now', 7))]]) })).toEqual([task('b', 4, null, 8)])
})

test('a task that is being edited is there even when it is gone', () => {
  const held = new Map([
    ['b', { task: task('b', 4), isDone: false }],
    ['c', { task: task('c', 5), isDone: false }],
  ])
  expect(withHeld([task('c', 5, 'now', 8)], held)).toEqual([task('c', 5, 'now', 8), task('b', 4)])
})
