import { connectTo, oneAtATime } from './postgres.ts'
import { block, literal, quoted, rolesSql } from './roles.ts'

/**
 * Makes what DATABASE_URL names: the login with its password, the database it owns, the roles. What is there already is
 * kept and put right; any number of processes may do this at once.
 */
export async function prepareDatabase(adminUrl: string, databaseUrl: string): Promise<void> {
  const { login, password, database } = wanted(databaseUrl)
  const inDatabase = new URL(adminUrl)
  inDatabase.pathname = `/${encodeURIComponent(database)}`
  await oneAtATime(
    () => connectTo(adminUrl),
    'prepare',
    async (admin) => {
      const { rows } = await admin.query(
        'select from pg_roles where rolname = $1 and (rolsuper or rolname = current_user)',
        [login],
      )
      if (rows.length > 0)
        throw new Error(`DATABASE_URL logs in as the administrator ${login}: give it a login of its own.`)
      await admin.query(createLogin(login, password))
      const exists = await admin.query('select from pg_database where datname = $1', [database])
      if (exists.rows.length === 0) await admin.query(`create database ${quoted(database)} owner ${quoted(login)}`)
      const there = await connectTo(inDatabase.href)
      await there.query(rolesSql({ owner: login, database })).finally(() => there.end())
    },
  )
}

function createLogin(login: string, password: string): string {
  const words = `login noinherit${password === '' ? '' : ` password ${literal(password)}`}`
  return block(`
    if exists (select from pg_roles where rolname = ${literal(login)})
    then alter role ${quoted(login)} ${words};
    else create role ${quoted(login)} ${words};
    end if;
  `)
}

function wanted(databaseUrl: string): { login: string; password: string; database: string } {
  const { username, password, pathname } = new URL(databaseUrl)
  const [login, database] = [username, pathname.slice(1)].map(decodeURIComponent) as [string, string]
  if (login === '' || database === '')
    throw new Error('DATABASE_URL must name a login and a database: postgresql://login:password@host/database')
  return { login, password: decodeURIComponent(password), database }
}
