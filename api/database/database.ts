import { Migrator } from '@mikro-orm/migrations'
import { MikroORM as PgliteORM } from '@mikro-orm/pglite'
import { MikroORM as PostgresORM } from '@mikro-orm/postgresql'
import type { SqlEntityManager, SqlMikroORM, SqlOptions } from '@mikro-orm/sql'
import type { Units } from '../auth/units.ts'
import { openEmbedded, type Pglite } from './embedded.ts'
import { entities } from './entities.ts'
import { FirstTables } from './migrations/0001-first-tables.ts'
import { TaskIndexes } from './migrations/0002-task-indexes.ts'
import { type Connection, checkLogin, connectTo, keepUsable, oneAtATime } from './postgres.ts'
import { useSearchLanguage } from './search-language.ts'

export type Database = {
  /** How requests and jobs get at the rows: always as someone. */
  readonly units: Units
  /** Without an identity: it owns the tables and, by row-level security, sees no row of the product. */
  readonly orm: SqlMikroORM
  /** The same over connections that are kept for signing in and for the question of our health: a full pool leaves them free. */
  readonly reserve: SqlEntityManager
  /** True for the database in the data folder, which has one connection: inside a transaction use only its `em`. */
  readonly embedded: boolean
  /** PostgreSQL only: a connection of the caller's own, outside the pool, to be ended by the caller. */
  readonly connect?: () => Promise<Connection>
  /** Brings the tables up to date. Any number of processes may do so at once. */
  migrate(): Promise<void>
  /** Ends all connections and lets go of the data folder. */
  close(): Promise<void>
}

export type DatabaseConfig = {
  /** Absent: the embedded database in `dataDir`. */
  databaseUrl: string | undefined
  /** `memory://` keeps nothing. */
  dataDir: string
  /** How words are reduced to their stems in search; `english` when left out. */
  searchLanguage?: string
}

/** Not the names of the classes: they may change, these may not. */
const migrations = [
  { name: '0001-first-tables', class: FirstTables },
  { name: '0002-task-indexes', class: TaskIndexes },
]

/** Of one process, on PostgreSQL; besides these it has two of its own for the log and the bell. */
const connections = 10
const reservedConnections = 3

/** So long one waits for a connection: a free one, or a new one. */
const patienceMs = 5_000

const common = {
  entities,
  extensions: [Migrator],
  migrations: { migrationsList: migrations, tableName: 'schema_migration', snapshot: false, silent: true },
  schemaGenerator: {
    // The foreign keys carry the owner and are written by hand; Better Auth's tables are its own.
    createForeignKeyConstraints: false,
    skipTables: [/^auth_/, 'schema_migration', 'rate_bucket'],
    // Those of search are written by hand, too.
    ignoreTriggers: true,
    ignoreRoutines: true,
  },
  ensureDatabase: false,
} satisfies SqlOptions

/**
 * Opens the database: PostgreSQL when there is a URL, else the embedded one. The tables are there after `migrate`.
 * Rejects when the data folder is another process's, or when the login would see through row-level security.
 */
export async function createDatabase(config: DatabaseConfig, parts: { pglite?: Pglite } = {}): Promise<Database> {
  return config.databaseUrl && !parts.pglite
    ? openPostgres(config.databaseUrl, config.searchLanguage)
    : openFolder(config.dataDir, config.searchLanguage, parts.pglite)
}

async function migrated(orm: SqlMikroORM, language?: string): Promise<void> {
  await orm.migrator.up()
  await useSearchLanguage(orm.em.fork(), language ?? 'english')
}

async function openFolder(dataDir: string, language?: string, given?: Pglite): Promise<Database> {
  const { pglite, close } = given ? { pglite: given, close: () => given.close() } : await openEmbedded(dataDir)
  const orm = new PgliteORM({ ...common, driverOptions: { pglite: () => pglite } })
  return {
    units: unitsOf(orm),
    orm,
    reserve: orm.em,
    embedded: true,
    migrate: () => migrated(orm, language),
    close: async () => {
      await orm.close(true)
      await close()
    },
  }
}

async function openPostgres(databaseUrl: string, language?: string): Promise<Database> {
  const connect = () => connectTo(databaseUrl)
  await checkLogin(connect, databaseUrl)
  // The driver reads what it needs from the URL itself, TLS settings too; MikroORM only knows the name.
  const open = (pool: { max: number }) =>
    new PostgresORM({
      ...{ ...common, clientUrl: databaseUrl, pool },
      driverOptions: { connectionString: databaseUrl, connectionTimeoutMillis: patienceMs, onPoolCreated: keepUsable },
    })
  const [orm, reserve] = [open({ max: connections }), open({ max: reservedConnections })]
  return {
    units: unitsOf(orm),
    orm,
    reserve: reserve.em,
    embedded: false,
    connect,
    migrate: () => oneAtATime(connect, 'migrate', () => migrated(orm, language)),
    close: async () => void (await Promise.all([orm.close(true), reserve.close(true)])),
  }
}

function unitsOf(orm: { em: SqlEntityManager }): Units {
  return {
    as: ({ id }) => orm.em.fork({ session: { role: 'app_user', variables: { 'app.user_id': id } } }),
    asSystem: () => orm.em.fork({ session: { role: 'app_system' } }),
  }
}
