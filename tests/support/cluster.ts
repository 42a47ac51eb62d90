import { createDatabase, type Database } from '../../api/database/database.ts'
import { prepareDatabase } from '../../api/database/preparation.ts'
import type { Limits } from '../../api/limits.ts'
import { roomy, startApp, type TestApp } from './app.ts'
import { cleanUp, cleanUpAfterFile } from './cleaning.ts'
import { type PostgresServer, startPostgres } from './postgres.ts'
import { type Power, withPower } from './power.ts'
import type { Provider } from './scripted-provider.ts'
import { type ServerProcess, startServer } from './server-process.ts'

export type Cluster = {
  postgres: PostgresServer
  databaseUrl: string
  /** For looking into the tables. */
  database: Database
}

export type Node = TestApp & { power: Power }

/** Shared by all servers: who signed in at one is known to the others. */
const clusterSecret = 'the servers of a cluster share one secret'

/** A PostgreSQL of the file's own, prepared and migrated, for any number of servers. */
export async function startCluster(): Promise<Cluster> {
  const postgres = await startPostgres()
  cleanUpAfterFile(() => postgres.stop())
  const databaseUrl = postgres.url('parley', 'parley')
  await prepareDatabase(postgres.url('postgres'), databaseUrl)
  const database = await createDatabase({ databaseUrl, dataDir: '' })
  cleanUpAfterFile(() => database.close())
  await database.migrate()
  return { postgres, databaseUrl, database }
}

/** One more server on it, with connections of its own. Closed with the test. */
export async function startNode(
  { databaseUrl }: Cluster,
  provider: Pick<Provider, 'url'>,
  limits: Partial<Limits> = {},
): Promise<Node> {
  const own = await createDatabase({ databaseUrl, dataDir: '' })
  cleanUp(() => own.close())
  const { database, power } = withPower(own)
  const app = await startApp({
    ...{ provider, limits, database: { ...database, config: { databaseUrl, dataDir: 'unused' } } },
    env: { PARLEY_SECRET: clusterSecret },
  })
  return { ...app, power }
}

/** The same in a process of its own. */
export function startProgram(
  { databaseUrl }: Cluster,
  provider: Pick<Provider, 'url'>,
  limits: Partial<Limits> = {},
): Promise<ServerProcess> {
  return startServer({
    ...{
      DATABASE_URL: databaseUrl,
      PARLEY_SECRET: clusterSecret,
      PARLEY_LIMITS: JSON.stringify({ ...roomy, ...limits }),
    },
    ...{ OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: provider.url, PARLEY_MODEL: 'scripted' },
  })
}
