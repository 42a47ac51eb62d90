import { defineEntity, p } from '@mikro-orm/core'
import { v7 } from 'uuid'
import { ownedTable } from '../auth/ownership.ts'

const schema = defineEntity({
  name: 'Attachment',
  ...ownedTable('attachment'),
  indexes: [
    { name: 'attachment_message_idx', properties: ['messageId', 'position'] },
    {
      name: 'attachment_draft_idx',
      expression: 'create index "attachment_draft_idx" on "attachment" ("created_at") where message_id is null',
    },
  ],
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => v7()),
    userId: p.uuid(),
    /** The message it was sent with; null for a draft, which is kept for a day. */
    messageId: p.uuid().nullable(),
    /** Place among the attachments of its message, from 0. */
    position: p.integer().default(0),
    /** As the person's file was called; never a path. */
    name: p.string().length(255),
    /** Announced first; once the bytes are there, what they are. */
    mediaType: p.string().length(100),
    size: p.integer(),
    /** Null until they were uploaded. Read only when asked for. */
    bytes: p.blob().nullable().lazy(),
    uploadedAt: p.datetime(3).nullable(),
    createdAt: p.datetime(3).onCreate(() => new Date()),
  },
})

/** A file that a person sends with a message. */
export class Attachment extends schema.class {}
schema.setClass(Attachment)
