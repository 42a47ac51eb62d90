import { z } from 'zod'
import { addTask } from '../../tasks/tasks.ts'
import { dueOn, TaskShape, taskShape } from './task-shape.ts'
import { tool } from './tool.ts'

export const addTaskTool = tool({
  name: 'add_task',
  title: 'Add task',
  description: "Adds one open task to the person's list. Call it once for each task.",
  scope: 'tasks:write',
  readOnly: false,
  idempotent: false,
  destructive: false,
  input: z.strictObject({
    title: z.string().min(1).describe('What is to be done, in a few words; the day belongs in due_on'),
    notes: z.string().nullish().describe('Details, only when there are any'),
    due_on: dueOn.nullish(),
  }),
  output: z.strictObject({ task: TaskShape }),
  async run({ title, notes, due_on }, { em, viewer, bell, limits }) {
    return { task: taskShape(await addTask(em, viewer, bell, { title, notes, dueOn: due_on }, limits)) }
  },
})
