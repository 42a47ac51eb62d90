import type { SqlEntityManager } from '@mikro-orm/sql'
import { z } from 'zod'
import type { Viewer } from '../../auth/viewer.ts'
import { notFound } from '../../errors.ts'
import { internalId, publicId } from '../../ids.ts'
import type { Task } from '../../tasks/task.entity.ts'
import { ownTask } from '../../tasks/tasks.ts'

/** A task as tools show it. */
export const TaskShape = z.strictObject({
  id: z.string().describe('task_…, to be given as task_id'),
  title: z.string(),
  notes: z.string().nullable(),
  due_on: z.string().nullable().describe('A day, YYYY-MM-DD'),
  completed: z.boolean(),
})

export function taskShape(task: Task): z.input<typeof TaskShape> {
  return {
    id: publicId('task', task.id),
    title: task.title,
    notes: task.notes ?? null,
    due_on: task.dueOn ?? null,
    completed: task.completedAt != null,
  }
}

export const taskId = z.string().describe('The id of the task, task_…, as list_tasks and add_task give it')

export const dueOn = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/)
  .describe('The day on which it is due, YYYY-MM-DD')

/** The row id of a task that the model named. Throws NOT_FOUND for what is no id of a task. */
export function taskRow(id: string): string {
  const uuid = internalId('task', id)
  if (!uuid) throw notFound('task')
  return uuid
}

/** The title of the task that a call names. Throws NOT_FOUND. */
export async function taskTitle(
  { task_id }: { task_id: string },
  { em, viewer }: { em: SqlEntityManager; viewer: Viewer },
): Promise<string> {
  return (await ownTask(em, viewer, taskRow(task_id))).title
}
