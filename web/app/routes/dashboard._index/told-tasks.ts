import type { TaskFieldsFragment } from '../../../../schema/generated/graphql.ts'

export type Task = TaskFieldsFragment

/** Where a task stood when the page was read: NEW came since then, UNSEEN stands further down than was looked. */
type Before = 'OPEN' | 'DONE' | 'NEW' | 'UNSEEN'

/**
 * What was told and done since the page was read, by id; null is gone. `fresh` until the page is asked for anew: a reading that
 * was asked for before may not know it.
 */
export type Told = ReadonlyMap<string, { task: Task | null; before: Before; fresh: boolean }>

/** What of the two lists is here so far, in their order, the newest first. */
export type Seen = { open: readonly Task[]; done: readonly Task[]; all: boolean; told: Told }

export function beforeOf({ open, done, all, told }: Seen, id: string, task: Task | null): Before {
  const known = told.get(id)
  if (known) return known.before
  if (open.some((it) => it.id === id)) return 'OPEN'
  if (done.some((it) => it.id === id)) return 'DONE'
  const isYounger = (other: Task | undefined) => !other || (task !== null && task.createdAt > other.createdAt)
  return all || (isYounger(open[0]) && isYounger(done[0])) ? 'NEW' : 'UNSEEN'
}

/** A new reading was asked for: it knows, or has later, whatever was told until now. */
export const aged = (told: Told): Told => new Map([...told].map(([id, it]) => [id, { ...it, fresh: false }]))

/**
 * What still holds beside a new reading. What is gone stays gone: its id is never used again. A change holds when it is later
 * than what was read, and one of a task that was not read when the reading may have been too early for it.
 */
export function settle(now: Seen): Told {
  const read = readTasks(now)
  const stillTold = [...now.told].filter(([id, { task, fresh }]) => {
    const known = read.get(id)
    if (!task || !known) return !task || fresh
    return task.updatedAt > known.updatedAt || (fresh && task.updatedAt === known.updatedAt)
  })
  const fromHere = { ...now, told: new Map() }
  return new Map(
    stillTold.map(([id, it]) => {
      // What is gone and was not read is in no count either.
      const before = it.task || read.has(id) ? beforeOf(fromHere, id, it.task) : 'NEW'
      return [id, { ...it, before }]
    }),
  )
}

/** Where each task that is being edited stood when that began, and how it was. */
export type Held = ReadonlyMap<string, { task: Task; isDone: boolean }>

/** With those that are being edited, even if they are gone or further down by now: nothing typed is lost. */
export function withHeld(tasks: readonly Task[], held: Held): Task[] {
  const here = new Set(tasks.map(({ id }) => id))
  return [...tasks, ...[...held.values()].flatMap(({ task }) => (here.has(task.id) ? [] : task))]
}

/** The ids of a list as it was when the page was read, as far as one has looked. */
export function idsBefore(list: readonly Task[], told: Told, before: 'OPEN' | 'DONE'): ReadonlySet<string> {
  const stood = ({ id }: Task) => (told.get(id)?.before ?? before) === before
  return new Set(list.filter(stood).map(({ id }) => id))
}

/** All that is here, each once, as it is now. */
export function combine({ open, done, told }: Omit<Seen, 'all'>): Task[] {
  const all = new Map<string, Task | null>(readTasks({ open, done }))
  for (const [id, { task }] of told) if (!isLater(all.get(id), task)) all.set(id, task)
  return [...all.values()].flatMap((it) => it ?? [])
}

/** A task that moved while the pages were read may be in both lists: the later one counts. */
function readTasks({ open, done }: Pick<Seen, 'open' | 'done'>): Map<string, Task> {
  const all = new Map<string, Task>()
  for (const task of [...open, ...done]) if (!isLater(all.get(task.id), task)) all.set(task.id, task)
  return all
}

const isLater = (one: Task | null | undefined, other: Task | null) =>
  Boolean(one && other && one.updatedAt > other.updatedAt)

/** What is due first comes first; without a date: newest first, at the end. */
export function byDue(a: Task, b: Task): number {
  if (a.dueOn !== b.dueOn) return (a.dueOn ?? '9999') < (b.dueOn ?? '9999') ? -1 : 1
  return b.createdAt.localeCompare(a.createdAt)
}

export const byCompletion = (a: Task, b: Task) => (b.completedAt ?? '').localeCompare(a.completedAt ?? '')
