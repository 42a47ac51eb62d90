import { randomBytes, randomUUID } from 'node:crypto'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { publicId } from '../ids.ts'
import { type Limits, standardLimits } from '../limits.ts'
import { resetLink, resetLinkMinutes } from './account-mails.ts'
import { createAccountRoutes } from './account-routes.ts'
import { strangersOf } from './admission.ts'
import { revokeAllKeys } from './api-keys.ts'
import { authenticate, unauthenticated } from './authenticate.ts'
import { type BetterAuthOptions, createBetterAuth, opensKey } from './better-auth.ts'
import { KnownKeys } from './known-keys.ts'
import { type AuthTables, KnownSessions } from './known-sessions.ts'
import type { Mailer } from './mailer.ts'
import { createOrigins, type Origins } from './origins.ts'
import { noProviders, offered, type ProviderSettings } from './providers.ts'
import { keptSecret } from './secret.ts'
import { retireUnreadable } from './signing-keys.ts'
import { TimestampsAsDates } from './timestamps-as-dates.ts'
import { createTokenReader } from './token.ts'
import type { Tries } from './tries.ts'
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
  /** Where requests without a good credential are counted. Left out: for the routes of sign-in alone. */
  strangers?: Tries
  /** An account is about to be deleted, with everything of its user. */
  onDeletion?(userId: string): Promise<void>
  /** Sessions or keys may have ended: other processes should not remember theirs either. */
  onEnd?(): void
}

export type Auth = {
  /** Serves `/api/auth/*`. `address` is the client's, from its socket or a trusted proxy; headers are not believed. */
  handler(request: Request, address?: string): Promise<Response>
  /** Who is asking. Throws as `authenticate` in authenticate.ts says. */
  authenticate(request: Request): Promise<Viewer>
  /**
   * Whether what the viewer came with is still good: its time is not over, and the session or key is there (as of at most
   * 30 s ago, or of now). For streams, which outlive their request.
   */
  stillSignedIn(viewer: Viewer, asOf?: 'lately' | 'now'): Promise<boolean>
  /** An API key was revoked: nothing that is remembered of keys holds any more, here and elsewhere. */
  forgetKeys(): void
  /** Nobody is signed in as this user any more, by session or key, anywhere. */
  endAllOf(userId: string): Promise<void>
  /** Sessions or keys ended in another process: nothing that is remembered of them holds any more. */
  forget(): void
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
  const limits = settings.limits ?? standardLimits
  const auth = createBetterAuth({ settings, parts, secret, origins, db })
  const sessions = new KnownSessions(db)
  const keys = new KnownKeys(units)
  const forget = () => {
    sessions.forget()
    keys.forget()
  }
  const makeAnew = () => retireUnreadable(db, (privateKey) => opensKey(auth, privateKey))
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
      handler: async (request) => {
        const response = await auth.handler(request)
        const isToken = response.status >= 500 && tokenPath.test(new URL(request.url).pathname)
        return isToken && (await makeAnew()) ? auth.handler(request) : response
      },
      origins,
      limits,
      strangers: parts.strangers ?? strangersOf(limits),
      userOf: async (headers) => (headers.has('cookie') ? ((await judges.readCookie(headers))?.userId ?? null) : null),
      options: { mail: parts.mailer !== undefined, providers: offered(settings.providers ?? noProviders) },
      onChange(ended) {
        forget()
        if (ended) parts.onEnd?.()
      },
    }),
    authenticate: (request) => authenticate(request, judges),
    stillSignedIn: async (viewer, asOf) => {
      if (viewer.expiresAt !== undefined && viewer.expiresAt.getTime() <= Date.now()) return false
      return viewer.sessionId
        ? (await sessions.find(viewer.sessionId, asOf))?.userId === viewer.id
        : viewer.keyId !== undefined && keys.isThere(viewer)
    },
    endAllOf: async (userId) => {
      await db.deleteFrom('auth_session').where('userId', '=', userId).execute()
      const viewer: Viewer = { id: userId, scopes: [] }
      await revokeAllKeys(units.as(viewer), viewer)
      forget()
      parts.onEnd?.()
    },
    forgetKeys() {
      keys.forget()
      parts.onEnd?.()
    },
    forget,
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
      const sign = () => auth.api.signJWT({ body: { payload } })
      const { token } = await sign().catch(async (error: unknown) => {
        if (await makeAnew()) return sign()
        throw error
      })
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
const tokenPath = /^\/api\/auth\/token\/*$/
