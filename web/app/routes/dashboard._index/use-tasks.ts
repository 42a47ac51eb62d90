import { useCallback, useMemo, useState } from 'react'
import { mutate } from '~/api.ts'
import { useViewerEvents } from '~/events.ts'
import { Failure, inWords, sentenceOf } from '~/failure.ts'
import type { TaskFieldsFragment, TaskPageQuery } from '../../../../schema/generated/graphql.ts'
import { AddTask, ChangeTask, RemoveTask } from './queries.ts'

export type Task = TaskFieldsFragment
export type TaskChange = { title?: string; dueOn?: string | null; completed?: boolean }

type Told = ReadonlyMap<string, Task | null>

/**
 * The tasks as they were read, with what was told and done since. Changes show at once; one that is refused is taken back, and
 * `failure` says why.
 */
export function useTasks(read: TaskPageQuery) {
  const [told, setTold] = useState<{ over: TaskPageQuery; changes: Told }>({ over: read, changes: new Map() })
  /** Tasks that somebody else, most often the assistant, touched while the page was open. */
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  const [failure, setFailure] = useState<string | null>(null)
  // A new reading knows everything that was told before.
  if (told.over !== read) setTold({ over: read, changes: new Map() })

  const tell = useCallback(
    (id: string, task: Task | null) =>
      setTold(({ over, changes }) => ({ over, changes: new Map(changes).set(id, task) })),
    [],
  )
  useViewerEvents({
    event(event) {
      if (event.__typename !== 'TaskChanged') return
      tell(event.taskId, event.task)
      setTouched((before) => new Set(before).add(event.taskId))
    },
  })
  const tasks = useMemo(() => combine(read, told.changes), [read, told.changes])

  const attempt = async (work: () => Promise<void>): Promise<boolean> => {
    setFailure(null)
    try {
      await work()
      return true
    } catch (error) {
      setFailure(sentenceOf(error))
      return false
    }
  }
  const doneBefore = useMemo(() => new Set(read.done?.edges.map(({ node }) => node.id)), [read])
  /** Tasks that came back to where what is done stands. */
  const [doneAgain, setDoneAgain] = useState<ReadonlySet<string>>(new Set())
  const isDone = ({ id, completedAt }: Task) => completedAt !== null && (doneBefore.has(id) || doneAgain.has(id))
  return {
    /** What is ticked off while one looks stays in its place: nothing jumps, and a slip is easily undone. */
    open: tasks.filter((it) => !isDone(it)).sort(byDue),
    done: tasks.filter(isDone).sort(byCompletion),
    touched,
    failure,
    add: ({ title, dueOn }: { title: string; dueOn: string | null }) =>
      attempt(async () => {
        const { createTask } = await mutate(AddTask, { input: { title, dueOn } })
        if (createTask) tell(createTask.task.id, createTask.task)
      }),
    /** Brings a removed task back as it was: with the same key once, however often it is asked for. */
    restore: (task: Task, idempotencyKey: string) =>
      attempt(async () => {
        const { title, dueOn, notes, completedAt } = task
        const { createTask } = await mutate(AddTask, { input: { title, dueOn, notes, idempotencyKey } })
        if (!createTask) return
        const { id } = createTask.task
        if (!completedAt) return tell(id, createTask.task)
        if (isDone(task)) setDoneAgain((before) => new Set(before).add(id))
        const { updateTask } = await mutate(ChangeTask, { input: { taskId: id, completed: true } })
        if (updateTask) tell(id, updateTask.task)
      }),
    change: (task: Task, { completed, ...change }: TaskChange) =>
      attempt(async () => {
        const completedAt = completed === undefined ? task.completedAt : completed ? new Date().toISOString() : null
        tell(task.id, { ...task, ...change, completedAt })
        try {
          const { updateTask } = await mutate(ChangeTask, { input: { taskId: task.id, completed, ...change } })
          if (updateTask) tell(task.id, updateTask.task)
        } catch (error) {
          tell(task.id, task)
          throw error
        }
      }),
    remove: (task: Task) =>
      attempt(async () => {
        tell(task.id, null)
        try {
          await mutate(RemoveTask, { input: { taskId: task.id } })
        } catch (error) {
          if (error instanceof Failure && error.code === 'NOT_FOUND') return
          tell(task.id, task)
          throw error instanceof Failure ? error : new Failure('NETWORK', inWords('NETWORK'))
        }
      }),
  }
}

function combine(read: TaskPageQuery, changes: Told): Task[] {
  const edges = [...(read.open?.edges ?? []), ...(read.done?.edges ?? [])]
  const all = new Map<string, Task | null>(edges.map(({ node }) => [node.id, node]))
  for (const [id, task] of changes) all.set(id, task)
  return [...all.values()].flatMap((it) => it ?? [])
}

/** What is due first comes first; without a date: newest first, at the end. */
function byDue(a: Task, b: Task): number {
  if (a.dueOn !== b.dueOn) return (a.dueOn ?? '9999') < (b.dueOn ?? '9999') ? -1 : 1
  return b.createdAt.localeCompare(a.createdAt)
}

const byCompletion = (a: Task, b: Task) => (b.completedAt ?? '').localeCompare(a.completedAt ?? '')
