import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { btree_gin } from '@electric-sql/pglite/contrib/btree_gin'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { createPostgreSqlTypeParsers } from '@mikro-orm/sql'
import { lockFolder } from './folder-lock.ts'
import { rolesSql } from './roles.ts'

/** The major version of PostgreSQL that the embedded engine is. It reads no folder of another one. */
export const engineVersion = '18'

/** A data folder of this name keeps nothing: everything is gone with the process. */
export const inMemory = 'memory://'

export type Pglite = PGlite

export type Embedded = { pglite: Pglite; close(): Promise<void> }

/**
 * Opens the embedded database in a data folder, which is made when missing and belongs to this process until `close`.
 * Throws when another process has it, and when an engine of another version made it: then it is left as it is.
 */
export async function openEmbedded(dataDir: string): Promise<Embedded> {
  if (dataDir === inMemory) {
    const pglite = await createPglite(inMemory)
    return { pglite, close: () => closed(pglite) }
  }
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(dataDir)
  try {
    const folder = join(dataDir, 'database')
    await checkVersion(folder)
    const pglite = await createPglite(folder)
    return { pglite, close: () => closed(pglite).finally(unlock) }
  } catch (error) {
    await unlock()
    throw error
  }
}

async function checkVersion(folder: string): Promise<void> {
  const version = (await readFile(join(folder, 'PG_VERSION'), 'utf8').catch(() => engineVersion)).trim()
  if (version === engineVersion || version === '') return
  throw new Error(
    `The database in ${folder} was made by PostgreSQL ${version.slice(0, 20)}, and this Parley has ${engineVersion}, which cannot read it. Nothing was changed. With the Parley that made it, export each user's conversations (npm run export); then start this one with another folder (PARLEY_DATA_DIR) and import them. See docs/guides/moving.md.`,
  )
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
