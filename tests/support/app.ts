import { createApp } from '../../api/app.ts'
import { readConfig } from '../../api/config.ts'
import { type Limits, standardLimits } from '../../api/limits.ts'
import { listen } from '../../api/listen.ts'
import { cleanUp } from './cleaning.ts'
import { expectNoSecrets } from './credentials.ts'
import { type openDatabase, sharedDatabase } from './databases.ts'
import type { Provider } from './scripted-provider.ts'
import { signIn, signUp } from './user.ts'
import { written } from './written.ts'

/** Tests ask much in a short time, all from one address. Closing does not wait long for runs. */
export const roomy: Partial<Limits> = {
  drainSeconds: 1,
  requestsPerMinute: 100_000,
  costPerMinute: 10_000_000,
  sendsPerMinute: 10_000,
  runsPerUser: 100,
  anonymousRequestsPerMinute: 100_000,
}

export type StartOptions = {
  /** Plays the model. Left out: the offline assistant answers. */
  provider?: Pick<Provider, 'url'>
  /** Over which of the two wires the model is asked. */
  api?: 'responses' | 'chat'
  /** Instead of the usual ones, and of those that are roomy for tests. */
  limits?: Partial<Limits>
  /** More of the environment. */
  env?: Record<string, string>
  /** Instead of what the system says of the disk. */
  freeBytes?: () => Promise<number>
  /** A database that no other test of the file uses, instead of the one they share. */
  database?: Awaited<ReturnType<typeof openDatabase>>
}

export type TestApp = Awaited<ReturnType<typeof startApp>>

/** The real assembly, listening on a port of loopback, with a database of its own. Closed with the test. */
export async function startApp({ provider, api = 'responses', limits, env, freeBytes, database }: StartOptions = {}) {
  const parts = { freeBytes, database: database ?? (await sharedDatabase()) }
  const { databaseUrl, dataDir } = parts.database.config
  const server = await listen({
    ...{ host: '127.0.0.1', port: 0, fetch: (request, address) => app.fetch(request, address) },
    limits: { ...standardLimits, ...limits },
  })
  const url = `http://localhost:${server.port}`
  const config = readConfig({
    HOST: '127.0.0.1',
    PORT: String(server.port),
    PARLEY_URL: url,
    PARLEY_DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
    ...(provider && { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: provider.url, PARLEY_MODEL: 'scripted' }),
    PARLEY_MODEL_API: api,
    PARLEY_MCP_CONFIG: '', // not the one that somebody may have for themselves in this folder
    PARLEY_LIMITS: JSON.stringify({ ...roomy, ...limits }),
    ...env,
  })
  const app = await createApp(config, parts)
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= app.close().finally(() => server.close())
    return closed
  }
  cleanUp(async () => {
    await close()
    if (!database) await endLeftovers(parts.database)
    expectNoSecrets(written())
  })
  return {
    url,
    config,
    ...parts,
    /** Signs a new user up. */
    user: (name?: string) => signUp(url, name),
    /** A user of any app on the same database, in another browser. */
    again: (user: { email: string; name: string }) => signIn(url, user),
    close,
  }
}

/** What one test left running is not taken over by the app of the next, which plays another model. */
async function endLeftovers({ units }: Awaited<ReturnType<typeof sharedDatabase>>): Promise<void> {
  await units
    .asSystem()
    .execute(`update run set status = 'STOPPED', finished_at = now() where status in ('QUEUED', 'RUNNING')`)
}
