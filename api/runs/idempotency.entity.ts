import { defineEntity, PrimaryKeyProp, p } from '@mikro-orm/core'
import { ownedTable } from '../auth/ownership.ts'

const schema = defineEntity({
  name: 'IdempotencyKey',
  ...ownedTable('idempotency_key'),
  indexes: [{ name: 'idempotency_key_age_idx', properties: ['createdAt'] }],
  properties: {
    userId: p.uuid().primary(),
    key: p.string().length(128).primary(),
    /** Of the operation and its input: the same key with another body is refused. */
    hash: p.string().length(64),
    /** Ids of what the first request made. */
    result: p.json<Record<string, string>>().nullable(),
    createdAt: p.datetime(3).onCreate(() => new Date()),
  },
})

/** Remembers that a request was served, so that its repeat gives the same result. Kept 48 hours. */
export class IdempotencyKey extends schema.class {
  declare [PrimaryKeyProp]?: ['userId', 'key']
}
schema.setClass(IdempotencyKey)
