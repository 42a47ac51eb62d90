import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createDatabase } from '../api/database/database.ts'
import { connectTo } from '../api/database/postgres.ts'
import { prepareDatabase } from '../api/database/preparation.ts'
import { type PostgresServer, startPostgres } from './support/postgres.ts'

vi.setConfig({ testTimeout: 60_000 })

let server: PostgresServer
let adminUrl: string
let databaseUrl: string
let count = 0

beforeAll(async () => {
  server = await startPostgres()
  adminUrl = server.url('postgres')
}, 60_000)
afterAll(() => server.stop())

/** A login and a database that are not there yet. */
beforeEach(() => {
  count += 1
  const url = new URL(server.url(`shop "${count}"`, `o'w$do$ner${count}`))
  url.password = `p'a\\ss$do$`
  databaseUrl = url.href
})

async function asAdmin(sql: string): Promise<Record<string, unknown>[]> {
  const admin = await connectTo(adminUrl)
  return (await admin.query(sql).finally(() => admin.end())).rows
}

const open = () => createDatabase({ databaseUrl, dataDir: '' })

describe('db:prepare', () => {
  test('makes a server usable, also when run again and by several at once', async () => {
    await Promise.all(Array.from({ length: 4 }, () => prepareDatabase(adminUrl, databaseUrl)))
    await prepareDatabase(adminUrl, databaseUrl)
    const databases = await Promise.all([open(), open(), open()])
    await Promise.all(databases.map((it) => it.migrate()))
    await prepareDatabase(adminUrl, databaseUrl)
    const [database] = databases
    expect(await database?.orm.em.fork().execute('select name from schema_migration')).toHaveLength(2)
    const [user] = await (database?.units
      .as({ id: '00000000-0000-0000-0000-000000000000' })
      .execute('select current_user as role') ?? [])
    expect(user).toEqual({ role: 'app_user' })
    await Promise.all(databases.map((it) => it.close()))
  })

  test('gives the login its password, and nothing that is not needed', async () => {
    await prepareDatabase(adminUrl, databaseUrl)
    const [login] = await asAdmin(
      `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit, rolcanlogin, rolpassword is not null as password
       from pg_authid where rolname = 'o''w$do$ner${count}'`,
    )
    expect(login).toEqual({
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolinherit: false,
      rolcanlogin: true,
      password: true,
    })
  })

  test('leaves the administrator as it is', async () => {
    await expect(prepareDatabase(adminUrl, server.url('shop'))).rejects.toThrow('give it a login of its own')
    expect(await asAdmin(`select rolsuper from pg_roles where rolname = 'postgres'`)).toEqual([{ rolsuper: true }])
  })

  test.each(['postgresql://localhost/shop', 'postgresql://owner@localhost/', 'postgresql://owner@localhost'])(
    'asks for what %s does not say',
    async (url) => {
      await expect(prepareDatabase(adminUrl, url)).rejects.toThrow('must name a login and a database')
    },
  )
})

describe('a start is refused, with the way out,', () => {
  const prepare = 'npm run db:prepare -- '

  test('for a superuser', async () => {
    databaseUrl = adminUrl
    await expect(open()).rejects.toThrow(/is a superuser[\s\S]*npm run db:prepare -- /)
  })

  test.each([
    ['bypassrls', 'has BYPASSRLS'],
    ['inherit', 'inherits the rights of app_system'],
  ])('for a login with %s', async (attribute, reason) => {
    await prepareDatabase(adminUrl, databaseUrl)
    await asAdmin(`alter role "o'w$do$ner${count}" ${attribute}`)
    await expect(open()).rejects.toThrow(reason)
    await expect(open()).rejects.toThrow(prepare)
    if (attribute === 'inherit') await prepareDatabase(adminUrl, databaseUrl)
    else await asAdmin(`alter role "o'w$do$ner${count}" nobypassrls`)
    await (await open()).close()
  })

  test('for a login that was not prepared', async () => {
    await prepareDatabase(adminUrl, databaseUrl)
    const [name, login] = [`plain${count}`, `plain_login${count}`]
    await asAdmin(`create role ${login} login`)
    await asAdmin(`create database ${name} owner ${login}`)
    databaseUrl = server.url(name, login)
    await expect(open()).rejects.toThrow('is not a member of app_user and app_system')
    await expect(open()).rejects.toThrow(prepare)
  })
})

describe('the programs', () => {
  const run = promisify(execFile)
  const program = (name: string, args: string[], env: Record<string, string>) =>
    run('node', [`api/database/${name}.ts`, ...args], { env: { NODE_ENV: 'test', PATH: process.env.PATH, ...env } })

  test('prepare, then migrate, and say so', async () => {
    const env = { DATABASE_URL: databaseUrl }
    expect((await program('prepare', [adminUrl], env)).stdout).toContain('is ready')
    expect((await program('migrate', [], env)).stdout).toContain('up to date')
    const database = await open()
    expect(await database.orm.em.fork().execute('select name from schema_migration')).toHaveLength(2)
    await database.close()
  })

  test('end with an error that a person can read', async () => {
    await expect(program('prepare', [], { DATABASE_URL: databaseUrl })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Usage: .*\n$/),
    })
    await expect(program('prepare', [adminUrl], {})).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Set DATABASE_URL .*\n$/),
    })
    await expect(program('migrate', [], { DATABASE_URL: adminUrl })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is a superuser'),
    })
  })
})

test('PostgreSQL gives connections of one’s own, which end when told so', async () => {
  await prepareDatabase(adminUrl, databaseUrl)
  const database = await open()
  const connection = await database.connect?.()
  await connection?.query('set synchronous_commit = off')
  expect((await connection?.query('show synchronous_commit'))?.rows).toEqual([{ synchronous_commit: 'off' }])
  const heard = Promise.withResolvers<string | undefined>()
  connection?.on('notification', ({ payload }) => heard.resolve(payload))
  await connection?.query('listen news')
  await database.orm.em.fork().execute(`notify news, 'hello'`)
  expect(await heard.promise).toBe('hello')
  await connection?.end()
  await database.close()
})
