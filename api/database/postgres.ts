import pg from 'pg'

export type Connection = pg.Client

/** A connection of its own. A lost one must not end the process: whoever uses it sees its queries fail. */
export async function connectTo(url: string): Promise<Connection> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, keepAlive: true })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Keeps connections out of the pool that are of no use any more. */
export function keepUsable(pool: pg.Pool): void {
  letGoOfLost(pool)
  letGoOfReadOnly(pool)
}

/** So long whoever has a lost connection in hand may take to give it back. */
const graceMs = 1_000

/**
 * Takes connections that were lost out of the pool. A transaction that can be neither committed nor rolled back is never
 * given back by the query builder: each would cost the pool a place for good, and ten of them all.
 */
function letGoOfLost(pool: pg.Pool): void {
  const lent = new Set<pg.PoolClient>()
  pool.on('acquire', (client) => void lent.add(client))
  pool.on('release', (_error, client) => void lent.delete(client))
  pool.on('connect', (client) => {
    const giveBack = () => lent.has(client) && client.release(true)
    client.once('end', () => setTimeout(giveBack, graceMs).unref())
  })
}

/** What PostgreSQL calls a write where one may only read. */
const readOnlyCode = '25006'

/**
 * Takes connections out of the pool, when they come back, once one of them says that its server may only be read: it is no
 * more the one that we mean, and all that were made before then may have reached it.
 */
function letGoOfReadOnly(pool: pg.Pool): void {
  const madeIn = new WeakMap<pg.PoolClient, number>()
  let now = 0
  pool.on('connect', (client) => {
    madeIn.set(client, now)
    client.connection.on('errorMessage', ({ code }: { code?: string }) => {
      if (code === readOnlyCode && madeIn.get(client) === now) now++
    })
  })
  // The pool keeps none that is ending.
  pool.on('release', (_error, client) => {
    if (madeIn.get(client) !== now) void client.end().catch(() => {})
  })
}

type Connect = () => Promise<Connection>

/** Runs the work while no other process runs work of this name in the same database. */
export async function oneAtATime<T>(
  connect: Connect,
  name: string,
  work: (client: Connection) => Promise<T>,
): Promise<T> {
  const client = await connect()
  try {
    await client.query('select pg_advisory_lock(hashtext($1))', [`parley ${name}`])
    return await work(client)
  } finally {
    await client.end()
  }
}

/**
 * Refuses a login that would see through row-level security: a superuser, one with BYPASSRLS, or one that inherits
 * what `app_system` may. Also one that was not prepared.
 */
export async function checkLogin(connect: Connect, url: string): Promise<void> {
  const client = await connect()
  try {
    const { rows } = await client.query<{ problem: string | null }>(loginProblem)
    const problem = rows[0]?.problem
    if (problem)
      throw new Error(
        `The login of DATABASE_URL (${new URL(url).username || 'none given'}) ${problem}.\n` +
          'Make a suitable one, as an administrator of the database server:\n' +
          '  npm run db:prepare -- postgresql://<administrator>:<password>@<host>/postgres',
      )
  } finally {
    await client.end()
  }
}

const loginProblem = `
  select case
    when login.rolsuper then 'is a superuser, so nothing would keep users apart'
    when login.rolbypassrls then 'has BYPASSRLS, so nothing would keep users apart'
    when system.oid is null or app_user.oid is null then 'cannot be used yet: the roles are missing'
    when pg_has_role(login.oid, system.oid, 'USAGE') then 'inherits the rights of app_system: it must be NOINHERIT'
    when not pg_has_role(login.oid, system.oid, 'MEMBER') or not pg_has_role(login.oid, app_user.oid, 'MEMBER')
      then 'is not a member of app_user and app_system'
    when not has_schema_privilege(login.oid, 'public', 'CREATE') then 'may not create tables in the schema public'
  end as problem
  from pg_roles login
  left join pg_roles system on system.rolname = 'app_system'
  left join pg_roles app_user on app_user.rolname = 'app_user'
  where login.rolname = current_user`
