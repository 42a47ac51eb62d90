import { defineEntity, type Opt, p } from '@mikro-orm/core'
import { v7 } from 'uuid'
import { ownedTable } from '../auth/ownership.ts'

export const titleCharacters = 200

function listIndex(name: string, which = '') {
  const keys = '"user_id", "pinned" desc, "updated_at" desc, "id" desc'
  return { name, expression: `create index "${name}" on "conversation" (${keys})${which}` }
}

/** Until it has a title. */
export const untitled = 'New conversation'

const schema = defineEntity({
  name: 'Conversation',
  ...ownedTable('conversation'),
  uniques: [{ name: 'conversation_owner_uq', properties: ['id', 'userId'] }],
  indexes: [
    {
      name: 'conversation_origin_uq',
      expression:
        'create unique index "conversation_origin_uq" on "conversation" ("user_id", "origin") where origin is not null',
    },
    {
      name: 'conversation_begun_idx',
      expression: 'create index "conversation_begun_idx" on "conversation" ("user_id", "created_at", "id")',
    },
    // Listed are those that are not archived, those that are, or all: none of these lists reads past the others' rows.
    listIndex('conversation_list_idx'),
    listIndex('conversation_listed_idx', ' where archived_at is null'),
    listIndex('conversation_archived_idx', ' where archived_at is not null'),
    {
      name: 'conversation_search_idx',
      expression: 'create index "conversation_search_idx" on "conversation" using gin ("user_id", "search")',
    },
  ],
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => v7()),
    userId: p.uuid(),
    title: p.string().length(titleCharacters).default(untitled),
    /** Who gave the title: a name given by the user is never overwritten. */
    titledBy: p.enum(['nobody', 'model', 'user']).default('nobody'),
    createdAt: p.datetime(3).onCreate(() => new Date()),
    /** Moves when something is said or the title changes. */
    updatedAt: p.datetime(3).onCreate(() => new Date()),
    archivedAt: p.datetime(3).nullable(),
    pinnedAt: p.datetime(3).nullable(),
    pinned: p.boolean().$type<Opt<boolean>>().generated('(pinned_at is not null) stored'),
    /** One more whenever title, archive, pin or active run change: readers of the conversation compare it. */
    revision: p.integer().default(0),
    /** The newest message has this number. */
    lastSequence: p.integer().default(0),
    /** The newest run that was given a number. */
    lastRunNumber: p.integer().default(0),
    /** The newest finished step in the log (number of its run, attempt, number in the run): where readers can go on. */
    logRun: p.integer().default(0),
    logAttempt: p.integer().default(0),
    logSeq: p.integer().default(0),
    /** What it was called where it was imported from; null for one that began here. */
    origin: p.string().length(200).nullable(),
    /** What full-text search looks at; kept by the database. */
    search: p
      .string()
      .columnType('tsvector')
      .$type<Opt<string>>()
      .generated(`(to_tsvector('parley'::regconfig, (title)::text)) stored`)
      .lazy()
      .hidden(),
  },
})

/** What a user opens, names and deletes: messages in order, and the runs that answer them. */
export class Conversation extends schema.class {
  /** Sets the title that the user gave; a blank one leaves things as they are. */
  rename(title: string): void {
    this.title = title.trim() || this.title
    this.titledBy = 'user'
    this.touch()
  }

  /** Something was said or named. */
  touch(): void {
    this.updatedAt = new Date()
    this.revision++
  }
}
schema.setClass(Conversation)
