import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createApp } from '../api/app.ts'
import { readConfig } from '../api/config.ts'
import { createDatabase } from '../api/database/database.ts'
import { prepareDatabase } from '../api/database/preparation.ts'
import { listen } from '../api/listen.ts'
import { startPostgres } from '../tests/support/postgres.ts'
import { readHistory } from './read-history.ts'

const usage = 'npm run bench:history -- --database pglite|postgres [--conversations <n>] [--messages <n>]'

/**
 * Fills an empty database by `npm run seed`, then reads all of it over GraphQL as a program does, while others write.
 * PostgreSQL is one of its own that does not wait for the disk; what is read is in memory in the end, as on a server.
 */
async function main(args: string[]): Promise<void> {
  const { database, conversations, messages } = parseArgs({
    args,
    options: {
      database: { type: 'string', default: 'pglite' },
      conversations: { type: 'string', default: '100000' },
      messages: { type: 'string', default: '1000000' },
    },
  }).values
  if (!['pglite', 'postgres'].includes(database)) throw new Error(usage)
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-bench-'))
  const server = database === 'postgres' ? await startPostgres({ shared_buffers: '512MB' }) : null
  const env = { ...process.env, PARLEY_DATA_DIR: dataDir, DATABASE_URL: server ? await prepared(server) : undefined }
  try {
    await serving(env, ({ signUp }) => signUp())
    const seed = (...counts: string[]) => execFileSync(process.execPath, ['api/seed.ts', ...counts], { env, ...shown })
    seed('--conversations', conversations, '--messages', messages, '--user', person.email)
    await serving(env, async ({ signIn, url }) =>
      readHistory(url, await signIn(), { database, messages: Number(messages) }),
    )
  } finally {
    await server?.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const shown = { stdio: 'inherit' } as const
const person = { name: 'Ada', email: 'ada@example.test', password: 'correct horse battery staple' }

async function prepared(server: Awaited<ReturnType<typeof startPostgres>>): Promise<string> {
  const url = server.url('parley', 'parley').replace('parley@', 'parley:parley@')
  await prepareDatabase(server.url('postgres'), url)
  return url
}

type Serving = { url: string; signUp(): Promise<string>; signIn(): Promise<string> }

/** The whole server, until the work is done. Signing in gives the cookie. */
async function serving<T>(env: NodeJS.ProcessEnv, work: (serving: Serving) => Promise<T>): Promise<T> {
  const listening = await listen({ host: '127.0.0.1', port: 0, fetch: (request, from) => app.fetch(request, from) })
  const url = `http://localhost:${listening.port}`
  const limits = { requestsPerMinute: 1_000_000, costPerMinute: 1_000_000_000, sendsPerMinute: 1_000_000 }
  const config = readConfig({
    ...{ HOST: '127.0.0.1', PORT: String(listening.port), PARLEY_URL: url, PARLEY_MCP_CONFIG: '' },
    ...{ PARLEY_DATA_DIR: env.PARLEY_DATA_DIR, DATABASE_URL: env.DATABASE_URL },
    PARLEY_LIMITS: JSON.stringify(limits),
  })
  const database = await createDatabase(config)
  await database.migrate()
  const app = await createApp(config, { database })
  const enter = async (way: 'sign-up' | 'sign-in') => {
    const headers = { 'content-type': 'application/json', origin: url }
    const body = JSON.stringify(person)
    const response = await fetch(`${url}/api/auth/${way}/email`, { method: 'POST', headers, body })
    if (!response.ok) throw new Error(`${way}: HTTP ${response.status} ${await response.text()}`)
    return response.headers
      .getSetCookie()
      .map((it) => it.split(';', 1)[0])
      .join('; ')
  }
  try {
    return await work({ url, signUp: () => enter('sign-up'), signIn: () => enter('sign-in') })
  } finally {
    await app.close()
    await listening.close()
    await database.close()
  }
}

await main(process.argv.slice(2))
