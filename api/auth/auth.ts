import { randomBytes, randomUUID } from 'node:crypto'
import type { Kysely, SqlEntityManager } from '@mikro-orm/sql'
import { type BetterAuthOptions, betterAuth } from 'better-auth'
import { APIError, createAuthMiddleware, getSessionFromCtx } from 'better-auth/api'
import { genericOAuth, jwt } from 'better-auth/plugins'
import { publicId } from '../ids.ts'
import { type Limits, standardLimits } from '../limits.ts'
import { noteAway } from '../outage.ts'
import {
  addressChangeMail,
  confirmLinkMinutes,
  confirmMail,
  resetLink,
  resetLinkMinutes,
  resetMail,
} from './account-mails.ts'
import { addressHeader, createAccountRoutes } from './account-routes.ts'
import { authenticate, unauthenticated } from './authenticate.ts'
import { KnownKeys } from './known-keys.ts'
import { type AuthTables, KnownSessions } from './known-sessions.ts'
import type { Mailer } from './mailer.ts'
import { createOrigins, type Origins } from './origins.ts'
import { discovered, noProviders, offered, type ProviderSettings, wellKnown } from './providers.ts'
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
  /** With whose accounts people may sign in; left out: with none. */
  providers?: ProviderSettings
}

/** What an assembly adds. */
export type AuthParts = {
  /** Without it no letters are sent, and a forgotten password is the operator's to reset. */
  mailer?: Mailer | undefined
  /** An account is about to be deleted, with everything of its user. */
  onDeletion?(userId: string): Promise<void>
}

export type Auth = {
  /** Serves `/api/auth/*`. `address` is the client's, from its socket or a trusted proxy; headers are not believed. */
  handler(request: Request, address?: string): Promise<Response>
  /** Who is asking. Throws as `authenticate` in authenticate.ts says. */
  authenticate(request: Request): Promise<Viewer>
  /** Whether the viewer's session or key is still there (as of at most 30 s ago, or of now): for streams, which outlive their request. */
  stillSignedIn(viewer: Viewer, asOf?: 'lately' | 'now'): Promise<boolean>
  /** An API key was revoked: nothing that is remembered of keys holds any more. */
  forgetKeys(): void
  /** Name and e-mail address of the viewer. Throws UNAUTHENTICATED when the account is gone. */
  userOf(viewer: Viewer): Promise<{ id: string; name: string; email: string }>
  /**
   * A token that tells another server who is meant: it is good there alone, never here, and for five minutes. Signed with
   * our keys, which `/api/auth/jwks` shows. No user: it speaks for Parley itself. Throws for an audience that is ours.
   */
  mintFor(audience: string, userId: string | null): Promise<{ token: string; expiresAt: Date }>
  /**
   * The address at which the holder of this account can choose a new password: once, for half an hour. Null when there
   * is no such account.
   */
  resetLinkFor(email: string): Promise<string | null>
  /** Whether a page of this origin may use the cookie. */
  origins: Origins
  /** What Better Auth was told, to compare its tables with the migrations. */
  options: BetterAuthOptions
}

/** Better Auth on our database, as the owner of its `auth_` tables. Call it outside any transaction. */
export async function createAuth(
  settings: AuthSettings,
  em: SqlEntityManager,
  units: Units,
  parts: AuthParts = {},
): Promise<Auth> {
  const db = em.fork().getKysely<AuthTables>().withPlugin(new TimestampsAsDates())
  const secret = settings.secret ?? (await keptSecret(settings.dataDir))
  const origins = createOrigins(settings)
  const auth = betterAuth(optionsFor({ settings, parts, secret, origins, db }))
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
      options: { mail: parts.mailer !== undefined, providers: offered(settings.providers ?? noProviders) },
      onChange() {
        sessions.forget()
        keys.forget()
      },
    }),
    authenticate: (request) => authenticate(request, judges),
    stillSignedIn: async (viewer, asOf) =>
      viewer.sessionId
        ? (await sessions.find(viewer.sessionId, asOf))?.userId === viewer.id
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
    resetLinkFor: async (email) => {
      const { internalAdapter } = await auth.$context
      const found = await internalAdapter.findUserByEmail(email.trim().toLowerCase())
      if (!found) return null
      const token = randomBytes(24).toString('base64url')
      const expiresAt = new Date(Date.now() + resetLinkMinutes * 60_000)
      await internalAdapter.createVerificationValue({
        ...{ identifier: `reset-password:${token}`, value: found.user.id, expiresAt },
      })
      return resetLink(settings.url, token)
    },
    origins,
    options: auth.options,
  }
}

const mintedLifeSeconds = 300

type OptionParts = {
  settings: AuthSettings
  parts: AuthParts
  secret: string
  origins: Origins
  db: Kysely<AuthTables>
}

function optionsFor({ settings: { url, providers = noProviders }, parts, secret, origins, db }: OptionParts) {
  const { mailer, onDeletion } = parts
  return {
    appName: 'Parley',
    baseURL: url,
    secret,
    database: { db, type: 'postgres', transaction: true },
    user: {
      modelName: 'auth_user',
      changeEmail: { enabled: true, updateEmailWithoutVerification: !mailer },
      deleteUser: {
        enabled: true,
        beforeDelete: async ({ id }: { id: string }) => onDeletion?.(id),
        afterDelete: async ({ id }: { id: string }) =>
          void (await db.deleteFrom('auth_verification').where('value', '=', id).execute()),
      },
    },
    // How old a sign-in may be is asked where it matters: see `checkPerson`.
    session: { modelName: 'auth_session', freshAge: 0 },
    account: {
      modelName: 'auth_account',
      // An address is no proof: only where it is verified on both sides, two accounts of one address are one person's.
      accountLinking: { enabled: true, trustedProviders: [], requireLocalEmailVerified: true },
    },
    verification: { modelName: 'auth_verification', storeIdentifier: 'hashed' },
    emailAndPassword: {
      ...{ enabled: true, minPasswordLength: 8, maxPasswordLength: 128 },
      ...{ resetPasswordTokenExpiresIn: resetLinkMinutes * 60, revokeSessionsOnPasswordReset: true },
      ...(mailer && {
        sendResetPassword: async ({ user, token }: { user: Reader; token: string }) =>
          mailer.send(resetMail(user, resetLink(url, token))),
      }),
    },
    ...(mailer && {
      emailVerification: {
        expiresIn: confirmLinkMinutes * 60,
        sendVerificationEmail: async ({ user, url: link }: { user: Reader; url: string }) => {
          const now = await db
            .selectFrom('auth_user')
            .select(['name', 'email'])
            .where('id', '=', user.id)
            .executeTakeFirst()
          if (now && now.email !== user.email) mailer.send(addressChangeMail(now, user.email))
          mailer.send(confirmMail(user, link))
        },
      },
    }),
    socialProviders: wellKnown(providers),
    onAPIError: {
      errorURL: `${url}/sign-in`,
      onError(error) {
        // What somebody typed wrongly is no news.
        if (!(error instanceof APIError)) logWithoutPeople('error', 'not foreseen', error)
      },
    },
    hooks: { before: checkPerson },
    databaseHooks: {
      user: { create: { before: checkWords }, update: { before: checkWords } },
      account: { create: { before: withoutTokens }, update: { before: withoutTokens } },
    },
    plugins: [
      ...withProviders(providers),
      jwt({
        // A key that was replaced may have leaked: it is good as long as what it signed, and a while.
        jwks: { keyPairConfig: { alg: 'EdDSA', crv: 'Ed25519' }, gracePeriod: 3_600 },
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

type Reader = { id: string; name: string; email: string }

async function checkWords({ name, image }: { name?: string; image?: string | null }): Promise<void> {
  if (name !== undefined && (name.trim() === '' || name.length > 200 || !isStorable(name)))
    throw new APIError('BAD_REQUEST', { code: 'INVALID_NAME', message: 'The name must have 1 to 200 characters.' })
  if (image && (image.length > 2_000 || !isStorable(image)))
    throw new APIError('BAD_REQUEST', { code: 'INVALID_IMAGE', message: 'The image must be the address of one.' })
}

const isStorable = (text: unknown) => typeof text === 'string' && !text.includes('\0') && text.isWellFormed()

/** With a provider's tokens one could work there as that person. Nothing here does, so none are kept. */
async function withoutTokens<T extends object>(account: T) {
  return { data: { ...account, accessToken: null, refreshToken: null, idToken: null } }
}

/** Changes after which an account is somebody else's, or nobody's: a borrowed browser must not be enough for them. */
const grave = ['/change-email', '/delete-user']
const freshMs = 600_000

/** Asks for the password; who has none must have signed in a moment ago. */
const checkPerson = createAuthMiddleware(async (ctx) => {
  if (!grave.includes(ctx.path)) return
  const found = await getSessionFromCtx(ctx)
  if (!found) return // refused further on
  const { internalAdapter, password } = ctx.context
  const hash = (await internalAdapter.findCredentialAccount(found.user.id))?.password
  const given: unknown = ctx.body?.password
  if (hash && !(typeof given === 'string' && given.length <= 128 && (await password.verify({ hash, password: given }))))
    throw new APIError('BAD_REQUEST', { code: 'INVALID_PASSWORD', message: 'The password is not right.' })
  if (!hash && Date.now() - new Date(found.session.createdAt).getTime() > freshMs)
    throw new APIError('FORBIDDEN', { code: 'SESSION_NOT_FRESH', message: 'Sign in again first.' })
})

/**
 * Their servers are asked how they work when somebody wants to sign in with them, not when ours starts: one that is away
 * must not keep people out who do not use it. (The plugin asks again for those that it could not reach at the start.)
 */
function withProviders(providers: ProviderSettings) {
  const config = discovered(providers)
  if (config.length === 0) return []
  const plugin = genericOAuth({ config })
  const genericOAuthPendingDiscovery = new Map(config.map((it) => [it.providerId, it]))
  plugin.init = async ({ socialProviders }) => ({ context: { socialProviders, genericOAuthPendingDiscovery } })
  return [plugin]
}

/** Its messages come with addresses of people and with whole errors of the database: neither belongs in a log. */
function logWithoutPeople(level: string, message: string, ...details: unknown[]): void {
  // Said without the error, which is thrown besides: whoever catches it tells it.
  if (details.some(noteAway) || message.startsWith('Failed to query fallback join')) return
  const errors = details.filter((it) => it instanceof Error).map((it) => it.message.slice(0, 500))
  console.error(`auth ${level}: ${[message, ...errors].join(': ')}`)
}
