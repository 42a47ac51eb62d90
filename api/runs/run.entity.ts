import { defineEntity, type Opt, p } from '@mikro-orm/core'
import { v7 } from 'uuid'
import { ownedTable } from '../auth/ownership.ts'
import type { Usage } from './model.ts'
import type { RunFailure } from './run-failure.ts'

export type RunStatus = 'QUEUED' | 'RUNNING' | 'AWAITING_APPROVAL' | 'COMPLETED' | 'STOPPED' | 'FAILED' | 'INTERRUPTED'

/** These end a run; nothing leads out of them. */
export const endedStatuses = ['COMPLETED', 'STOPPED', 'FAILED', 'INTERRUPTED'] as const satisfies RunStatus[]

/** Of these a conversation has one at the most: the database holds that. */
export const activeStatuses = ['RUNNING', 'AWAITING_APPROVAL'] as const satisfies RunStatus[]

const schema = defineEntity({
  name: 'Run',
  ...ownedTable('run'),
  uniques: [
    { name: 'run_owner_uq', properties: ['id', 'userId'] },
    { name: 'run_number_uq', properties: ['conversationId', 'number'] },
  ],
  indexes: [
    {
      name: 'run_active_uq',
      expression: `create unique index "run_active_uq" on "run" ("conversation_id") where status in ('RUNNING', 'AWAITING_APPROVAL')`,
    },
    {
      name: 'run_lease_idx',
      expression: `create index "run_lease_idx" on "run" ("lease_until") where status = 'RUNNING'`,
    },
    { name: 'run_message_idx', properties: ['messageId'] },
    {
      name: 'run_list_idx',
      expression: 'create index "run_list_idx" on "run" ("conversation_id", "id" desc)',
    },
    {
      name: 'run_queue_idx',
      expression: `create index "run_queue_idx" on "run" ("conversation_id", "ahead" desc, "id") where status = 'QUEUED'`,
    },
    {
      name: 'run_log_idx',
      expression: `create index "run_log_idx" on "run" ("finished_at") where log_swept_at is null`,
    },
  ],
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => v7()),
    userId: p.uuid(),
    conversationId: p.uuid(),
    /** The user message that is answered. */
    messageId: p.uuid(),
    /** Which run of its conversation this is, given when it starts; null while it waits. */
    number: p.integer().nullable(),
    status: p
      .enum(['QUEUED', 'RUNNING', 'AWAITING_APPROVAL', 'COMPLETED', 'STOPPED', 'FAILED', 'INTERRUPTED'])
      .$type<RunStatus>(),
    /** In the queue before those that merely wait: it was sent to interrupt. */
    ahead: p.boolean().default(false),
    model: p.string().length(200),
    /** Tools that the page answers from which it was asked, by name. */
    clientTools: p.json<string[]>().nullable(),
    /** Where the person is, as the page said it: IANA's name. Null when nothing was said. */
    timeZone: p.string().length(64).nullable(),
    /** Which process works on it; null when none does. */
    ownerId: p.uuid().nullable(),
    /** By the database's clock: after it, another process may take over. */
    leaseUntil: p.datetime(3).nullable(),
    /** Fences every write: one more for each server that was lost while it worked on this run. */
    attempt: p.integer().default(1),
    /** The newest number given in the log to a finished step; the log's last number once the run has ended. */
    lastSeq: p.integer().default(0),
    /** Takeovers since the last finished step. */
    fruitless: p.integer().default(0),
    stopRequestedAt: p.datetime(3).nullable(),
    usage: p.json<Usage>().nullable(),
    failure: p.json<RunFailure>().nullable(),
    /** What had to be mended in the history for the model, in words. */
    repairs: p.json<string[]>().nullable(),
    createdAt: p.datetime(3).onCreate(() => new Date()),
    startedAt: p.datetime(3).nullable(),
    finishedAt: p.datetime(3).nullable(),
    logSweptAt: p.datetime(3).nullable(),
  },
})

/** The making of one answer. It belongs to no request and to no process: whoever holds its lease works on it. */
export class Run extends schema.class {
  get ended(): Opt<boolean> {
    return endedStatuses.some((it) => it === this.status)
  }
}
schema.setClass(Run)
