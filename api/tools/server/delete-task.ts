import { z } from 'zod'
import { deleteTask } from '../../tasks/tasks.ts'
import { TaskShape, taskId, taskRow, taskShape, taskTitle } from './task-shape.ts'
import { tool } from './tool.ts'

export const deleteTaskTool = tool({
  name: 'delete_task',
  title: 'Delete task',
  description: 'Deletes a task for good. For a task that is done, use complete_task.',
  scope: 'tasks:write',
  readOnly: false,
  idempotent: true,
  destructive: true,
  input: z.strictObject({ task_id: taskId }),
  output: z.strictObject({ deleted: TaskShape.describe('The task as it was') }),
  subject: taskTitle,
  async run({ task_id }, { em, viewer, bell }) {
    return { deleted: taskShape(await deleteTask(em, viewer, bell, taskRow(task_id))) }
  },
})
