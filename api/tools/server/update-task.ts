import { z } from 'zod'
import { updateTask } from '../../tasks/tasks.ts'
import { dueOn, TaskShape, taskId, taskRow, taskShape, taskTitle } from './task-shape.ts'
import { tool } from './tool.ts'

export const updateTaskTool = tool({
  name: 'update_task',
  title: 'Change task',
  description:
    'Changes a task: title, notes, day, or whether it is done. ' +
    'What is left out stays as it is; null clears notes and due_on. completed: false opens a task again.',
  scope: 'tasks:write',
  readOnly: false,
  idempotent: true,
  destructive: false,
  input: z.strictObject({
    task_id: taskId,
    title: z.string().min(1).optional(),
    notes: z.string().nullish(),
    due_on: dueOn.nullish(),
    completed: z.boolean().optional(),
  }),
  output: z.strictObject({ task: TaskShape }),
  subject: taskTitle,
  async run({ task_id, due_on, ...change }, { em, viewer, bell, limits }) {
    const task = await updateTask(em, viewer, bell, taskRow(task_id), { ...change, dueOn: due_on }, limits)
    return { task: taskShape(task) }
  },
})
