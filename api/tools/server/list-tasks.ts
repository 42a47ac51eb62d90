import { z } from 'zod'
import type { Task } from '../../tasks/task.entity.ts'
import { findTasks } from '../../tasks/tasks.ts'
import { TaskShape, taskShape } from './task-shape.ts'
import { tool } from './tool.ts'

const statuses = { open: 'OPEN', done: 'DONE', all: null } as const

/** Long notes make a short list: what the model is given has to stay readable as a whole. */
const maxCharacters = 24_000

export const listTasksTool = tool({
  name: 'list_tasks',
  title: 'List tasks',
  description:
    "Lists the person's tasks with their ids, newest first: the open ones unless status says otherwise. " +
    'With words, only tasks that have all of them in title or notes. When more is true, there are others: narrow it down.',
  scope: 'tasks:read',
  readOnly: true,
  idempotent: true,
  destructive: false,
  input: z.strictObject({
    status: z.enum(['open', 'done', 'all']).default('open'),
    words: z.string().nullish().describe('Words to look for'),
  }),
  output: z.strictObject({ tasks: z.array(TaskShape), more: z.boolean() }),
  async run({ status, words }, { em, viewer }) {
    const found = await findTasks(em, viewer, { status: statuses[status], words })
    const tasks = found.tasks.slice(0, fitting(found.tasks))
    return { tasks: tasks.map(taskShape), more: found.more || tasks.length < found.tasks.length }
  },
})

/** How many of them fit; the first one always does. */
function fitting(tasks: Task[]): number {
  let characters = 0
  const tooMuch = tasks.findIndex((task, index) => {
    characters += task.title.length + (task.notes?.length ?? 0)
    return index > 0 && characters > maxCharacters
  })
  return tooMuch === -1 ? tasks.length : tooMuch
}
