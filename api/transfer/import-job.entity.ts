import { defineEntity, p } from '@mikro-orm/core'
import { v7 } from 'uuid'
import { ownedTable } from '../auth/ownership.ts'

export type ImportOutcome = 'IMPORTED' | 'PRESENT' | 'SKIPPED'

/** What became of one conversation of the file. */
export type ImportEntry = { name: string; outcome: ImportOutcome; reason?: string; conversationId?: string }

const schema = defineEntity({
  name: 'ImportJob',
  ...ownedTable('import_job'),
  indexes: [
    {
      name: 'import_job_list_idx',
      expression: 'create index "import_job_list_idx" on "import_job" ("user_id", "created_at" desc, "id" desc)',
    },
  ],
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => v7()),
    userId: p.uuid(),
    status: p.enum(['RUNNING', 'DONE', 'FAILED']),
    /** Which program wrote the file, once that is known. */
    format: p.string().length(20).nullable(),
    /** Why nothing, or not all, was read. */
    problem: p.text().nullable(),
    /** How many conversations there seem to be. */
    total: p.integer().default(0),
    imported: p.integer().default(0),
    present: p.integer().default(0),
    skipped: p.integer().default(0),
    /** Written at the end. */
    report: p.json<ImportEntry[]>().nullable(),
    createdAt: p.datetime(3).onCreate(() => new Date()),
    /** Moves while it is at work: by this one sees that its server is gone. */
    updatedAt: p.datetime(3).onCreate(() => new Date()),
    finishedAt: p.datetime(3).nullable(),
  },
})

/** The reading of a file of conversations into the account of a user. */
export class ImportJob extends schema.class {}
schema.setClass(ImportJob)
