import type { Kysely } from '@mikro-orm/sql'
import { type BetterAuthOptions, betterAuth } from 'better-auth'
import { APIError, createAuthMiddleware, getSessionFromCtx } from 'better-auth/api'
import { symmetricDecrypt } from 'better-auth/crypto'
import { genericOAuth, jwt } from 'better-auth/plugins'
import { noteAway } from '../outage.ts'
import {
  addressChangeMail,
  confirmLinkMinutes,
  confirmMail,
  resetLink,
  resetLinkMinutes,
  resetMail,
} from './account-mails.ts'
import { addressHeader } from './account-routes.ts'
import type { AuthTables } from './known-sessions.ts'
import { mailWords } from './mail-words.ts'
import type { Mailer } from './mailer.ts'
import type { Origins } from './origins.ts'
import { discovered, noProviders, type ProviderSettings, wellKnown } from './providers.ts'
import { tokenLifeSeconds } from './token.ts'

export type OptionParts = {
  settings: { url: string; providers?: ProviderSettings }
  parts: { mailer?: Mailer | undefined; onDeletion?(userId: string): Promise<void> }
  secret: string
  origins: Origins
  db: Kysely<AuthTables>
}

export type { BetterAuthOptions }

/** Better Auth as we want it. The only file that knows it. */
export const createBetterAuth = (parts: OptionParts) => betterAuth(optionsFor(parts))

/** Whether the secret of this one opens a private key as its table has it. */
export async function opensKey({ $context }: ReturnType<typeof createBetterAuth>, privateKey: string) {
  const { secretConfig: key } = await $context
  try {
    await symmetricDecrypt({ key, data: JSON.parse(privateKey) })
    return true
  } catch {
    return false
  }
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
        sendResetPassword: async ({ user, token }: { user: Reader; token: string }, request?: Request) =>
          mailer.send(resetMail(mailWords(request), user, resetLink(url, token))),
      }),
    },
    ...(mailer && {
      emailVerification: {
        expiresIn: confirmLinkMinutes * 60,
        sendVerificationEmail: async ({ user, url: link }: { user: Reader; url: string }, request?: Request) => {
          const words = mailWords(request)
          const now = await db
            .selectFrom('auth_user')
            .select(['name', 'email'])
            .where('id', '=', user.id)
            .executeTakeFirst()
          if (now && now.email !== user.email) mailer.send(addressChangeMail(words, now, user.email))
          mailer.send(confirmMail(words, user, link))
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

/** Before an account is made or changed: its name and image can be shown and stored. Throws Better Auth's APIError. */
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

/** Who chooses another password means to keep somebody out: the others stay signed in only where that is said. */
const signOthersOut = { context: { body: { revokeOtherSessions: true } } }

/** Asks for the password; who has none must have signed in a moment ago. */
const checkPerson = createAuthMiddleware(async (ctx) => {
  if (ctx.path === '/change-password' && ctx.body?.revokeOtherSessions === undefined) return signOthersOut
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
