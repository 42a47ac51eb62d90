import { publicId } from '../ids.ts'
import { idempotent } from '../runs/idempotency.ts'
import { Task } from '../tasks/task.entity.ts'
import { addTask, countTasks, deleteTask, listTasks, ownTask, updateTask } from '../tasks/tasks.ts'
import { builder } from './builder.ts'
import { connection } from './connection.ts'
import { rowId } from './node.ts'

builder.objectType(Task, {
  name: 'Task',
  description: 'Something to do. You and the assistant work on the same list.',
  interfaces: [builder.nodeInterfaceRef()],
  isTypeOf: (value) => value instanceof Task,
  fields: (t) => ({
    id: t.id({ description: 'The id of the task: `task_…`.', resolve: (task) => publicId('task', task.id) }),
    title: t.exposeString('title', { description: 'What there is to do.' }),
    notes: t.exposeString('notes', { nullable: true, description: 'More about it.' }),
    dueOn: t.expose('dueOn', { type: 'Date', nullable: true, description: 'The day it should be done by.' }),
    completedAt: t.expose('completedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was done; null while it is open.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was written down.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When anything of it last changed.' }),
  }),
})

const TaskStatus = builder.enumType('TaskStatus', {
  description: 'Which tasks to list.',
  values: { OPEN: { description: 'Still to do.' }, DONE: { description: 'Completed.' } } as const,
})

builder.queryField('tasks', (t) =>
  t.connection(
    {
      description: 'Your tasks, the newest first.',
      type: Task,
      nullable: true,
      args: { status: t.arg({ type: TaskStatus, description: 'Only those; left out: all.' }) },
      resolve: async (_, { status, ...args }, { em, viewer, limits }) =>
        connection(await listTasks(em, viewer, { ...args, limits }, { status }), () =>
          countTasks(em, viewer, { status }),
        ),
    },
    { name: 'TaskConnection', description: 'A page of tasks.' },
    { name: 'TaskEdge', description: 'A task in a page.' },
  ),
)

builder.relayMutationField(
  'createTask',
  {
    description: 'A new task.',
    inputFields: (t) => ({
      title: t.string({ required: true, description: 'What there is to do: 1 to 1,000 characters.' }),
      notes: t.string({ description: 'More about it.' }),
      dueOn: t.field({ type: 'Date', description: 'The day it should be done by.' }),
      idempotencyKey: t.string({
        description:
          '8 to 128 printable ASCII characters. The same key again gives the first result again; with another body it is refused.',
      }),
    }),
  },
  {
    nullable: true,
    description: 'Writes down something to do.',
    resolve: (_, { input: { idempotencyKey: key, ...input } }, { em, viewer, bell, limits }) =>
      idempotent(em, viewer, bell, {
        key,
        operation: 'createTask',
        input,
        work: (em, bell) => addTask(em, viewer, bell, input, limits),
        idsOf: ({ id }) => ({ id }),
        again: (em, { id = '' }) => ownTask(em, viewer, id),
      }),
  },
  {
    description: 'What was written down.',
    outputFields: (t) => ({ task: t.field({ type: Task, description: 'The new task.', resolve: (task) => task }) }),
  },
)

builder.relayMutationField(
  'updateTask',
  {
    description: 'What should be different. Null clears notes and due day.',
    inputFields: (t) => ({
      taskId: t.id({ required: true, description: 'The task: `task_…`.' }),
      title: t.string({ description: 'What there is to do: 1 to 1,000 characters.' }),
      notes: t.string({ description: 'More about it; null clears.' }),
      dueOn: t.field({ type: 'Date', description: 'The day it should be done by; null clears.' }),
      completed: t.boolean({ description: 'True: it is done. False: it is open again.' }),
    }),
  },
  {
    nullable: true,
    description: 'Changes a task, or marks it as done.',
    resolve: (_, { input: { taskId, ...change } }, { em, viewer, bell, limits }) =>
      updateTask(em, viewer, bell, rowId('task', taskId), change, limits),
  },
  {
    description: 'What came of it.',
    outputFields: (t) => ({
      task: t.field({ type: Task, description: 'The task as it is now.', resolve: (task) => task }),
    }),
  },
)

builder.relayMutationField(
  'deleteTask',
  {
    description: 'Which task to delete.',
    inputFields: (t) => ({ taskId: t.id({ required: true, description: 'The task: `task_…`.' }) }),
  },
  {
    nullable: true,
    description: 'Deletes a task for good.',
    resolve: async (_, { input: { taskId } }, { em, viewer, bell }) => {
      await deleteTask(em, viewer, bell, rowId('task', taskId))
      return taskId
    },
  },
  {
    description: 'What went.',
    outputFields: (t) => ({ deletedId: t.id({ description: 'The id that no longer is.', resolve: (id) => id }) }),
  },
)
