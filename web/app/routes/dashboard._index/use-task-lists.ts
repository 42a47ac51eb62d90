import { useCallback, useEffect, useRef, useState } from 'react'
import { query } from '~/api.ts'
import { useViewerEvents } from '~/events.ts'
import { usePages } from '~/use-pages.ts'
import { useIsReading, useRevalidation } from '~/use-revalidation.ts'
import type { TaskPageQuery, TaskStatus } from '../../../../schema/generated/graphql.ts'
import { MoreTasks } from './queries.ts'
import {
  aged,
  beforeOf,
  byCompletion,
  byDue,
  combine,
  type Held,
  idsBefore,
  type Seen,
  settle,
  type Task,
  type Told,
  withHeld,
} from './told-tasks.ts'

const pageSize = 100
const nothing: NonNullable<TaskPageQuery['open']> = {
  ...{ edges: [], pageInfo: { hasNextPage: false, endCursor: null }, totalCount: 0 },
}

/** The reading that what was told comes on top of, and whether all of it is here. */
type Over = { read: TaskPageQuery; whole: boolean }

/**
 * The tasks as they were read, page by page, with what was told since. A change of a task that is further down than was
 * looked would make the counts wrong: then the page is read anew.
 */
export function useTaskLists(read: TaskPageQuery) {
  const [{ over, told }, setTold] = useState<{ over: Over; told: Told }>({
    ...{ over: { read, whole: true }, told: new Map() },
  })
  /** Tasks that somebody else, most often the assistant, touched while the page was open. */
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  /** Tasks that came back to where what is done stands. */
  const [doneAgain, setDoneAgain] = useState<ReadonlySet<string>>(new Set())
  const [held, setHeld] = useState<Held>(new Map())
  const readAnew = useRevalidation()
  const isReading = useIsReading()
  useEffect(() => {
    if (isReading) setTold(({ over, told }) => ({ over, told: aged(told) }))
  }, [isReading])

  const open = usePages(read.open ?? nothing, (after) => moreOf('OPEN', after))
  const done = usePages(read.done ?? nothing, (after) => moreOf('DONE', after))
  const now: Seen = {
    open: open.edges.map(({ node }) => node),
    done: done.edges.map(({ node }) => node),
    all: !open.more && !done.more,
    told,
  }
  // Twice per reading: when its first pages are here, and when those behind them were read again.
  const whole = open.whole && done.whole
  if (over.read !== read || over.whole !== whole) setTold({ over: { read, whole }, told: settle(now) })
  const seen = useRef(now)
  useEffect(() => {
    seen.current = now
  })
  const tell = useCallback(
    (id: string, task: Task | null) => {
      const before = beforeOf(seen.current, id, task)
      setTold(({ over, told }) => ({
        over,
        told: new Map(told).set(id, { before, ...told.get(id), task, fresh: true }),
      }))
      if (before === 'UNSEEN') readAnew()
    },
    [readAnew],
  )
  useViewerEvents({
    event(event) {
      if (event.__typename !== 'TaskChanged') return
      tell(event.taskId, event.task)
      setTouched((before) => new Set(before).add(event.taskId))
    },
  })
  const openBefore = idsBefore(now.open, told, 'OPEN')
  const doneBefore = idsBefore(now.done, told, 'DONE')
  const tasks = combine(now)
  const isDone = ({ id, completedAt }: Task) => completedAt !== null && (doneBefore.has(id) || doneAgain.has(id))
  const standsDone = (task: Task) => held.get(task.id)?.isDone ?? isDone(task)
  const shown = withHeld(tasks, held)
  const listed = {
    /** What is ticked off while one looks stays in its place: nothing jumps, and a slip is easily undone. */
    open: shown.filter((it) => !standsDone(it)).sort(byDue),
    done: shown.filter(standsDone).sort(byCompletion),
  }
  const unseen = {
    open: open.more ? Math.max(0, (read.open?.totalCount ?? 0) - openBefore.size) : 0,
    done: done.more ? Math.max(0, (read.done?.totalCount ?? 0) - doneBefore.size) : 0,
  }
  return {
    open: {
      ...{ pages: open, tasks: listed.open, allHere: !open.more },
      count: tasks.filter(({ completedAt }) => !completedAt).length + unseen.open,
    },
    done: { pages: done, tasks: listed.done, count: tasks.filter(isDone).length + unseen.done },
    touched,
    tell,
    /** Keeps a task where it is as long as it is being edited. */
    hold: (task: Task, isEdited: boolean) =>
      setHeld((before) => {
        const after = new Map(before)
        after.delete(task.id)
        return isEdited ? after.set(task.id, { task, isDone: isDone(task) }) : after
      }),
    /** One that comes back to where what is done stands. */
    tellDoneAgain: (from: Task, id: string) => {
      if (isDone(from)) setDoneAgain((before) => new Set(before).add(id))
    },
  }
}

async function moreOf(status: TaskStatus, after: string) {
  const { tasks } = await query(MoreTasks, { status, first: pageSize, after })
  return tasks
}
