import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { btree_gin } from '@electric-sql/pglite/contrib/btree_gin'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { createPostgreSqlTypeParsers } from '@mikro-orm/sql'
import { lockFolder } from './folder-lock.ts'
import { rolesSql } from './roles.ts'

/** A data folder of this name keeps nothing: everything is gone with the process. */
export const inMemory = 'memory://'

export type Pglite = PGlite

export type Embedded = { pglite: Pglite; close(): Promise<void> }

/**
 * Opens the embedded database in a data folder, which is made when missing and belongs to this process until `close`.
 * Throws when another process has it.
 */
export async function openEmbedded(dataDir: string): Promise<Embedded> {
  if (dataDir === inMemory) {
    const pglite = await createPglite(inMemory)
    return { pglite, close: () => closed(pglite) }
  }
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(dataDir)
  try {
    const pglite = await createPglite(join(dataDir, 'database'))
    return { pglite, close: () => closed(pglite).finally(unlock) }
  } catch (error) {
    await unlock()
    throw error
  }
}

/**
 * The bare engine, with what the product needs of it: our types and extensions, and a connection that is no superuser,
 * because row-level security does not bind those. `loadDataDir` is a dump of another one to begin with.
 */
export async function createPglite(dataDir: string, options: { loadDataDir?: Blob } = {}): Promise<Pglite> {
  // No column of ours is an array of times, the one thing that the second parser is for.
  const parsers = createPostgreSqlTypeParsers((text) => [text])
  const pglite = await PGlite.create(dataDir, { ...options, parsers, extensions: { btree_gin, pg_trgm } })
  await pglite.exec(`${rolesSql({ owner: 'app_owner', database: 'postgres' })}; set role app_owner`)
  return pglite
}

async function closed(pglite: Pglite): Promise<void> {
  if (!pglite.closed) await pglite.close()
}
