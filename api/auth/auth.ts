import { randomUUID } from 'node:crypto'
import type { Kysely, SqlEntityManager } from '@mikro-orm/sql'
import { type BetterAuthOptions, betterAuth } from 'better-auth'
import { APIError } from 'better-auth/api'
import { jwt } from 'better-auth/plugins'
import { publicId } from '../ids.ts'
import { type Limits, standardLimits } from '../limits.ts'
import { addressHeader, createAccountRoutes } from './account-routes.ts'
import { authenticate, unauthenticated } from './authenticate.ts'
import { KnownKeys } from './known-keys.ts'
import { type AuthTables, KnownSessions } from './known-sessions.ts'
import { createOrigins, type Origins } from './origins.ts'
import { keptSecret } from './secret.ts'
import { TimestampsAsDates } from './timestamps-as-dates.ts'
import { createTokenReader, tokenLifeSeconds } from './token.ts'
import type { Units } from './units.ts'
import type { Viewer } from './viewer.ts'

export type AuthSettings = {
  /** The public origin: audience and issuer of tokens. */
  url: string
  production: boolean
  /** Absent: one is made and kept in `dataDir`. */
  secret: string | undefined
  dataDir: string
  limits?: Limits
}

export type Auth = {
  /** Serves `/api/auth/*`. `address` is the client's, from its socket or a trusted proxy; headers are not believed. */
  handler(request: Request, address?: string): Promise<Response>
  /** Who is asking. Throws as `authenticate` in authenticate.ts says. */
  authenticate(request: Request): Promise<Viewer>
  /** Whether the viewer's session or key is still there (as of at most 30 s ago): for streams, which outlive their request. */
  stillSignedIn(viewer: Viewer): Promise<boolean>
  /** An API key was revoked: nothing that is remembered of keys holds any more. */
  forgetKeys(): void
  /** Name and e-mail address of the viewer. Throws UNAUTHENTICATED when the account is gone. */
  userOf(viewer: Viewer): Promise<{ id: string; name: string; email: string }>
  /**
   * A token that tells another server who is meant: it is good there alone, never here, and for five minutes. Signed with
   * our keys, which `/api/auth/jwks` shows. No user: it speaks for Parley itself. Throws for an audience that is ours.
   */
  mintFor(audience: string, userId: string | null): Promise<{ token: string; expiresAt: Date }>
  /** Whether a page of this origin may use the cookie. */
  origins: Origins
  /** What Better Auth was told, to compare its tables with the migrations. */
  options: BetterAuthOptions
}

/** Better Auth on our database, as the owner of its `auth_` tables. Call it outside any transaction. */
export async function createAuth(settings: AuthSettings, em: SqlEntityManager, units: Units): Promise<Auth> {
  const db = em.fork().getKysely<AuthTables>().withPlugin(new TimestampsAsDates())
  const secret = settings.secret ?? (await keptSecret(settings.dataDir))
  const origins = createOrigins(settings)
  const auth = betterAuth(optionsFor(settings, secret, origins, db))
  const sessions = new KnownSessions(db)
  const keys = new KnownKeys(units)
  const judges = {
    readToken: createTokenReader(settings.url, () => auth.api.getJwks()),
    readKey: (text: string) => keys.viewerOf(text),
    findSession: (id: string) => sessions.find(id),
    readCookie: async (headers: Headers) =>
      (await auth.api.getSession({ headers, query: { disableRefresh: true } }))?.session ?? null,
    origins,
  }
  return {
    handler: createAccountRoutes({
      handler: (request) => auth.handler(request),
      origins,
      limits: settings.limits ?? standardLimits,
      onChange: () => sessions.forget(),
    }),
    authenticate: (request) => authenticate(request, judges),
    stillSignedIn: async (viewer) =>
      viewer.sessionId
        ? (await sessions.find(viewer.sessionId))?.userId === viewer.id
        : viewer.keyId !== undefined && keys.isThere(viewer),
    forgetKeys: () => keys.forget(),
    userOf: async ({ id }) => {
      const user = await db
        .selectFrom('auth_user')
        .select(['id', 'name', 'email'])
        .where('id', '=', id)
        .executeTakeFirst()
      if (!user) throw unauthenticated()
      return user
    },
    mintFor: async (audience, userId) => {
      if (audience === settings.url) throw new Error('A token for others must not be good here.')
      const iat = Math.floor(Date.now() / 1_000)
      const exp = iat + mintedLifeSeconds
      const sub = userId === null ? 'parley' : publicId('user', userId)
      const payload = { iss: settings.url, aud: audience, sub, iat, exp, jti: randomUUID() }
      const { token } = await auth.api.signJWT({ body: { payload } })
      return { token, expiresAt: new Date(exp * 1_000) }
    },
    origins,
    options: auth.options,
  }
}

const mintedLifeSeconds = 300

function optionsFor({ url }: AuthSettings, secret: string, origins: Origins, db: Kysely<AuthTables>) {
  return {
    appName: 'Parley',
    baseURL: url,
    secret,
    database: { db, type: 'postgres', transaction: true },
    user: {
      modelName: 'auth_user',
      changeEmail: { enabled: true, updateEmailWithoutVerification: true },
      deleteUser: { enabled: true },
    },
    session: { modelName: 'auth_session' },
    account: { modelName: 'auth_account' },
    verification: { modelName: 'auth_verification' },
    emailAndPassword: { enabled: true, minPasswordLength: 8, maxPasswordLength: 128 },
    databaseHooks: { user: { create: { before: checkName }, update: { before: checkName } } },
    plugins: [
      jwt({
        jwks: { keyPairConfig: { alg: 'EdDSA', crv: 'Ed25519' } },
        jwt: {
          issuer: url,
          audience: url,
          expirationTime: `${tokenLifeSeconds}s`,
          definePayload: ({ user, session }) => ({ sub: user.id, sid: session.id }),
        },
        disableSettingJwtHeader: true,
        schema: { jwks: { modelName: 'auth_jwks' } },
      }),
    ],
    trustedOrigins: (request) => {
      const origin = request?.headers.get('origin') ?? null
      return request && origin !== null && origins(origin, request) ? [origin] : []
    },
    // We count ourselves, before it is asked.
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix: 'parley',
      useSecureCookies: url.startsWith('https:'),
      database: { generateId: 'uuid' },
      ipAddress: { ipAddressHeaders: [addressHeader] },
      // Said, because Better Auth leaves them out when it believes to be in a test.
      disableCSRFCheck: false,
      disableOriginCheck: false,
    },
    telemetry: { enabled: false },
    logger: { level: 'error', disableColors: true, log: logWithoutPeople },
  } satisfies BetterAuthOptions
}

async function checkName({ name }: { name?: string }): Promise<void> {
  if (name === undefined) return
  if (name.trim() === '' || name.length > 200 || name.includes('\0') || !name.isWellFormed())
    throw new APIError('BAD_REQUEST', { code: 'INVALID_NAME', message: 'The name must have 1 to 200 characters.' })
}

/** Its messages come with addresses of people and with whole errors of the database: neither belongs in a log. */
function logWithoutPeople(level: string, message: string, ...details: unknown[]): void {
  const errors = details.filter((it) => it instanceof Error).map((it) => it.message.slice(0, 500))
  console.error(`auth ${level}: ${[message, ...errors].join(': ')}`)
}
