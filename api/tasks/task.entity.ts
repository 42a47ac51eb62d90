import { defineEntity, p } from '@mikro-orm/core'
import { v7 } from 'uuid'
import { ownedTable } from '../auth/ownership.ts'

const schema = defineEntity({
  name: 'Task',
  ...ownedTable('task'),
  uniques: [{ name: 'task_owner_uq', properties: ['id', 'userId'] }],
  indexes: [
    {
      name: 'task_open_idx',
      expression:
        'create index "task_open_idx" on "task" ("user_id", "created_at" desc, "id" desc) where completed_at is null',
    },
    {
      name: 'task_done_idx',
      expression:
        'create index "task_done_idx" on "task" ("user_id", "created_at" desc, "id" desc) where completed_at is not null',
    },
    {
      name: 'task_list_idx',
      expression: 'create index "task_list_idx" on "task" ("user_id", "created_at" desc, "id" desc)',
    },
  ],
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => v7()),
    userId: p.uuid(),
    title: p.text(),
    notes: p.text().nullable(),
    /** A calendar day, YYYY-MM-DD. */
    dueOn: p.date().nullable(),
    completedAt: p.datetime(3).nullable(),
    createdAt: p.datetime(3).onCreate(() => new Date()),
    updatedAt: p
      .datetime(3)
      .onCreate(() => new Date())
      .onUpdate(() => new Date()),
  },
})

/** Something to do: what the built-in tools work on. */
export class Task extends schema.class {}
schema.setClass(Task)
