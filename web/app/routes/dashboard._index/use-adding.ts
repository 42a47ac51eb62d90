import { useEffect, useState } from 'react'
import { draftKey, read, write } from '~/drafts.ts'
import { words } from '~/language.tsx'
import { newKey } from '~/new-key.ts'
import type { NewTask, TaskText } from './use-tasks.ts'

/** A task on its way: kept on this device until the server has it. `failure` says why it has not. */
export type Adding = NewTask & { failure: string | null; busy: boolean }

/**
 * Writes tasks down, any number at a time. Each has its key from the first attempt on, so that trying again after a lost
 * answer, even after a reload, adds it once.
 */
export function useAdding(userId: string, add: (task: NewTask) => Promise<string | null>) {
  const place = `${draftKey(userId, 'tasks')}:outgoing`
  const [adding, setAdding] = useState<readonly Adding[]>([])
  useEffect(() => {
    const failure = words()('tasks.unsure')
    setAdding(keptAt(place).map((task) => ({ ...task, failure, busy: false })))
  }, [place])

  const put = (task: Adding) =>
    setAdding((all) =>
      all.some(({ key }) => key === task.key) ? all.map((it) => (it.key === task.key ? task : it)) : [...all, task],
    )
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
  return {
    /** What could not be added so far. */
    failed: adding.filter(({ failure }) => failure !== null),
    start: (text: TaskText) => {
      const task = { ...text, key: newKey() }
      keep(place, (all) => [...all, task])
      void attempt({ ...task, failure: null, busy: true })
    },
    again: attempt,
    forget,
  }
}

/** Read anew each time: another tab may keep some there too. */
function keep(place: string, change: (kept: NewTask[]) => NewTask[]): void {
  const kept = change(keptAt(place))
  write(place, kept.length > 0 ? JSON.stringify(kept) : '')
}

function keptAt(place: string): NewTask[] {
  try {
    const kept: unknown = JSON.parse(read(place))
    return Array.isArray(kept) ? kept.filter(isNewTask) : []
  } catch {
    return []
  }
}

const isNewTask = ({ title, dueOn, key }: Partial<NewTask>) =>
  typeof title === 'string' && typeof key === 'string' && (dueOn === null || typeof dueOn === 'string')
