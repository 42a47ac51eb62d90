import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { createDatabase } from '../../api/database/database.ts'
import { prepareDatabase } from '../../api/database/preparation.ts'
import { quoted } from '../../api/database/roles.ts'
import { startPostgres } from './postgres.ts'

export type PostgresTemplate = {
  /** Administers the server. */
  adminUrl: string
  /** The login of the product. */
  login: string
  /** An empty, migrated database: to be cloned. Names of clones begin like it. */
  database: string
}

declare module 'vitest' {
  interface ProvidedContext {
    postgresTemplate: PostgresTemplate
  }
}

/** One server for the run, TEST_DATABASE_URL or one of its own, prepared as an operator does it, with one migrated database. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL
  const own = given ? undefined : await startPostgres()
  const adminUrl = given ?? own?.url('postgres') ?? ''
  const template = { adminUrl, login: 'parley_test', database: `parley_test_${randomBytes(4).toString('hex')}` }
  const url = databaseUrl(template, template.database)
  await prepareDatabase(adminUrl, url)
  const database = await createDatabase({ databaseUrl: url, dataDir: '' })
  await database.migrate().finally(() => database.close())
  project.provide('postgresTemplate', template)
  return () => (own ? own.stop() : dropAll(template))
}

/** The URL of a database on the template's server, for the product's login. */
export function databaseUrl({ adminUrl, login }: PostgresTemplate, database: string): string {
  return Object.assign(new URL(adminUrl), { pathname: `/${database}`, username: login, password: login }).href
}

export async function asAdmin<T>(adminUrl: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}

async function dropAll({ adminUrl, database }: PostgresTemplate): Promise<void> {
  await asAdmin(adminUrl, async (admin) => {
    const { rows } = await admin.query<{ datname: string }>(
      'select datname from pg_database where starts_with(datname, $1)',
      [database],
    )
    for (const { datname } of rows) await admin.query(`drop database ${quoted(datname)} with (force)`)
  })
}
