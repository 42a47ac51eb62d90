import { useState } from 'react'
import { mutate } from '~/api.ts'
import { Failure, inWords, sentenceOf } from '~/failure.ts'
import type { TaskPageQuery } from '../../../../schema/generated/graphql.ts'
import { AddTask, ChangeTask, RemoveTask } from './queries.ts'
import type { Task } from './told-tasks.ts'
import { useTaskLists } from './use-task-lists.ts'

/** What is written down: with the same key once, however often it is asked for. */
export type NewTask = { title: string; dueOn: string | null; key: string }

/** What a task is and when it is due. */
export type TaskText = { title: string; dueOn: string | null }

/**
 * The tasks, and what can be done with them. What is ticked off or removed shows at once; when it is refused it is taken
 * back, and `failure` says why.
 */
export function useTasks(read: TaskPageQuery) {
  const { tell, tellDoneAgain, ...lists } = useTaskLists(read)
  const [failure, setFailure] = useState<string | null>(null)
  const attempt = async (work: () => Promise<void>): Promise<boolean> => {
    setFailure(null)
    const failure = await failureOf(work)
    setFailure(failure)
    return failure === null
  }
  return {
    ...lists,
    failure,
    /** Null when it is written down, else why not. */
    add: ({ key: idempotencyKey, ...task }: NewTask) =>
      failureOf(async () => {
        try {
          const { createTask } = await mutate(AddTask, { input: { ...task, idempotencyKey } })
          if (createTask) tell(createTask.task.id, createTask.task)
        } catch (error) {
          // An earlier attempt added it, and it was deleted since.
          if (!(error instanceof Failure && error.code === 'NOT_FOUND')) throw error
        }
      }),
    /** Brings a removed task back as it was. */
    restore: (task: Task, idempotencyKey: string) =>
      attempt(async () => {
        const { title, dueOn, notes, completedAt } = task
        const { createTask } = await mutate(AddTask, { input: { title, dueOn, notes, idempotencyKey } })
        if (!createTask) return
        const { id } = createTask.task
        if (!completedAt) return tell(id, createTask.task)
        tellDoneAgain(task, id)
        const { updateTask } = await mutate(ChangeTask, { input: { taskId: id, completed: true } })
        if (updateTask) tell(id, updateTask.task)
      }),
    tick: (task: Task, completed: boolean) =>
      attempt(async () => {
        tell(task.id, { ...task, completedAt: completed ? new Date().toISOString() : null })
        try {
          const { updateTask } = await mutate(ChangeTask, { input: { taskId: task.id, completed } })
          if (updateTask) tell(task.id, updateTask.task)
        } catch (error) {
          tell(task.id, task)
          throw error
        }
      }),
    /** Null when it is saved, else why not. */
    save: (task: Task, text: TaskText) =>
      failureOf(async () => {
        const { updateTask } = await mutate(ChangeTask, { input: { taskId: task.id, ...text } })
        if (updateTask) tell(task.id, updateTask.task)
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

async function failureOf(work: () => Promise<void>): Promise<string | null> {
  try {
    await work()
    return null
  } catch (error) {
    return sentenceOf(error)
  }
}
