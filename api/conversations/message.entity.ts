import { defineEntity, type Opt, p } from '@mikro-orm/core'
import { v7 } from 'uuid'
import { ownedTable } from '../auth/ownership.ts'

export type MessageStatus = 'STREAMING' | 'COMPLETE' | 'STOPPED' | 'INTERRUPTED' | 'FAILED'

const schema = defineEntity({
  name: 'Message',
  ...ownedTable('message'),
  uniques: [
    { name: 'message_owner_uq', properties: ['userId', 'id'] },
    { name: 'message_position_uq', properties: ['conversationId', 'sequence'] },
  ],
  indexes: [
    { name: 'message_run_idx', properties: ['runId'] },
    {
      name: 'message_replaces_idx',
      expression: 'create index "message_replaces_idx" on "message" ("replaces_id") where replaces_id is not null',
    },
    {
      name: 'message_search_idx',
      expression:
        'create index "message_search_idx" on "message" using gin ("user_id", "search") with (gin_pending_list_limit = 256)',
    },
  ],
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => v7()),
    userId: p.uuid(),
    conversationId: p.uuid(),
    /** The run in which the assistant said it; null for what the user said. */
    runId: p.uuid().nullable(),
    /** Position in the conversation: only grows, may have gaps. */
    sequence: p.integer(),
    role: p.enum(['USER', 'ASSISTANT', 'SYSTEM']),
    /** Empty while STREAMING: until then the text is in the log alone. */
    content: p.text().default(''),
    status: p.enum(['STREAMING', 'COMPLETE', 'STOPPED', 'INTERRUPTED', 'FAILED']).$type<MessageStatus>(),
    /** What the model wants to see again with this message (encrypted reasoning items); never shown. */
    reasoning: p.json<object>().nullable(),
    createdAt: p.datetime(3).onCreate(() => new Date()),
    supersededAt: p.datetime(3).nullable(),
    replacesId: p.uuid().nullable(),
    feedback: p.enum(['UP', 'DOWN']).nullable(),
    /** What full-text search looks at; kept by the database. A text can be so long that its end is not in it. */
    search: p
      .string()
      .columnType('tsvector')
      .$type<Opt<string>>()
      .generated(`(to_tsvector('parley'::regconfig, "left"(content, 100000))) stored`)
      .lazy()
      .hidden(),
  },
})

/** One thing said: by the user, or by the assistant in one turn of a run. Ordered by number, not by time. */
export class Message extends schema.class {}
schema.setClass(Message)
