import { z } from 'zod'
import { completeTask } from '../../tasks/tasks.ts'
import { TaskShape, taskId, taskRow, taskShape, taskTitle } from './task-shape.ts'
import { tool } from './tool.ts'

export const completeTaskTool = tool({
  name: 'complete_task',
  title: 'Complete task',
  description: 'Marks a task as done. It stays in the list of done tasks; update_task can open it again.',
  scope: 'tasks:write',
  readOnly: false,
  idempotent: true,
  destructive: false,
  input: z.strictObject({ task_id: taskId }),
  output: z.strictObject({ task: TaskShape }),
  subject: taskTitle,
  async run({ task_id }, { em, viewer, bell, limits }) {
    return { task: taskShape(await completeTask(em, viewer, bell, taskRow(task_id), limits)) }
  },
})
