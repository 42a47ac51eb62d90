import type { TaskFieldsFragment } from '../../../../schema/generated/graphql.ts'

export type Task = TaskFieldsFragment

/** Where a task stood when the page was read: NEW came since then, UNSEEN stands further down than was looked. */
type Before = 'OPEN' | 'DONE' | 'NEW' | 'UNSEEN'

/** What was told and done since the page was read, by id; null is gone. */
export type Told = ReadonlyMap<string, { task: Task | null; before: Before }>

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

/** The ids of a list as it was when the page was read, as far as one has looked. */
export function idsBefore(list: readonly Task[], told: Told, before: 'OPEN' | 'DONE'): ReadonlySet<string> {
  const stood = ({ id }: Task) => (told.get(id)?.before ?? before) === before
  return new Set(list.filter(stood).map(({ id }) => id))
}

/** All that is here, each once, as it is now. */
export function combine({ open, done, told }: Omit<Seen, 'all'>): Task[] {
  const all = new Map<string, Task | null>([...open, ...done].map((task) => [task.id, task]))
  for (const [id, { task }] of told) all.set(id, task)
  return [...all.values()].flatMap((it) => it ?? [])
}

/** What is due first comes first; without a date: newest first, at the end. */
export function byDue(a: Task, b: Task): number {
  if (a.dueOn !== b.dueOn) return (a.dueOn ?? '9999') < (b.dueOn ?? '9999') ? -1 : 1
  return b.createdAt.localeCompare(a.createdAt)
}

export const byCompletion = (a: Task, b: Task) => (b.completedAt ?? '').localeCompare(a.completedAt ?? '')
