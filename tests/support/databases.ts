import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { createDatabase, type Database, type DatabaseConfig } from '../../api/database/database.ts'
import { quoted } from '../../api/database/roles.ts'
import { cleanUpAfterFile } from './cleaning.ts'
import { asAdmin, databaseUrl } from './postgres-template.ts'

/** Which of the two this file runs on: `pglite` is the embedded one. */
export const engine = (): 'pglite' | 'postgres' => (inject('postgresTemplate') ? 'postgres' : 'pglite')

/** An empty, migrated database and a data folder that nobody else has. Both are gone when the test file ends. */
export async function freshDatabase(): Promise<DatabaseConfig> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-'))
  cleanUpAfterFile(() => rmSync(dataDir, { recursive: true, force: true }))
  if (engine() === 'postgres') return { databaseUrl: await cloneTemplate(), dataDir }
  cpSync(inject('embeddedTemplate'), dataDir, { recursive: true })
  return { databaseUrl: undefined, dataDir }
}

async function cloneTemplate(): Promise<string> {
  const template = inject('postgresTemplate')
  const { adminUrl, login, database } = template
  const clone = `${database}_${randomBytes(4).toString('hex')}`
  await asAdmin(adminUrl, (admin) =>
    admin.query(`create database ${quoted(clone)} template ${quoted(database)} owner ${quoted(login)}`),
  )
  cleanUpAfterFile(() => asAdmin(adminUrl, (admin) => admin.query(`drop database ${quoted(clone)} with (force)`)))
  return databaseUrl(template, clone)
}

/** The same, opened. Closed when the test file ends. */
export async function openDatabase(): Promise<Database & { config: DatabaseConfig }> {
  const config = await freshDatabase()
  const database = await createDatabase(config)
  cleanUpAfterFile(() => database.close())
  return { ...database, config }
}

let shared: ReturnType<typeof openDatabase> | undefined

/** The one that the tests of this file share: their users are strangers to each other. */
export function sharedDatabase(): ReturnType<typeof openDatabase> {
  shared ??= openDatabase()
  return shared
}
