import { useEffect, useRef, useState } from 'react'
import { draftKey } from '~/drafts.ts'
import { newKey } from '~/new-key.ts'
import { type Adding, isIn, keep, keptAt, stillOnTheirWay, watchKept, withTask } from './outgoing-tasks.ts'
import type { NewTask, TaskText } from './use-tasks.ts'

/**
 * Writes tasks down, any number at a time. Each has its key from the first attempt on, so that trying again after a lost
 * answer adds it once. What is still on its way when the page comes, from before or from another tab, is tried again at once.
 */
export function useAdding(userId: string, add: (task: NewTask) => Promise<string | null>) {
  const place = `${draftKey(userId, 'tasks')}:outgoing`
  const [adding, setAdding] = useState<readonly Adding[]>([])
  const put = (task: Adding) => setAdding((all) => withTask(all, task, keptAt(place)))
  const forget = ({ key }: NewTask) => {
    keep(place, (all) => all.filter((it) => it.key !== key))
    setAdding((all) => all.filter((it) => it.key !== key))
  }
  const attempt = async (task: Adding) => {
    const { title, dueOn, key } = task
    put({ ...task, busy: true })
    const failure = await add({ title, dueOn, key })
    if (failure === null) forget(task)
    else put({ ...task, failure, busy: false })
  }
  const latest = useRef(attempt)
  useEffect(() => {
    latest.current = attempt
  })
  useEffect(() => {
    for (const task of keptAt(place)) void latest.current({ ...task, failure: null, busy: true, kept: true })
    return watchKept(() => setAdding((all) => stillOnTheirWay(all, keptAt(place))))
  }, [place])
  return {
    /** What could not be added so far. */
    failed: adding.filter(({ failure }) => failure !== null),
    start: (text: TaskText) => {
      const task = { ...text, key: newKey() }
      keep(place, (all) => [...all, task])
      // Storage may be full or closed: then only this page knows it.
      void attempt({ ...task, failure: null, busy: true, kept: isIn(keptAt(place), task) })
    },
    again: attempt,
    forget,
  }
}
