import { defineEntity, p } from '@mikro-orm/core'
import { v7 } from 'uuid'
import { ownedTable } from './ownership.ts'
import type { Scope } from './viewer.ts'

export const keyNameCharacters = 100

const schema = defineEntity({
  name: 'ApiKey',
  ...ownedTable('api_key'),
  uniques: [{ name: 'api_key_hash_uq', properties: ['userId', 'hash'] }],
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => v7()),
    userId: p.uuid(),
    name: p.string().length(keyNameCharacters),
    /** SHA-256 of the key: 256 random bits need no slow hash. The key itself is nowhere. */
    hash: p.string().length(64),
    /** The first characters, to recognise it by. */
    start: p.string().length(20),
    scopes: p.json<Scope[]>(),
    createdAt: p.datetime(3).onCreate(() => new Date()),
    expiresAt: p.datetime(3),
    /** To the minute. */
    lastUsedAt: p.datetime(3).nullable(),
  },
})

/** A credential for a program, made by a person for a time and for some scopes. */
export class ApiKey extends schema.class {}
schema.setClass(ApiKey)
