import { type ActionFunctionArgs, type AppLoadContext, data } from '@remix-run/node'
import { onBehalfOf, refusal, toSignIn } from '~/session.server.ts'
import { waysIn } from '~/ways-in.server.ts'
import { wordsFor } from '~/words.server.ts'

/** A browser in which this person is signed in. */
export type SignedIn = { id: string; device: string[]; since: string; seenAt: string; here: boolean }

type Args = { request: Request; context: AppLoadContext }
type Session = { id: string; token: string; userAgent?: string | null; createdAt: string; updatedAt: string }

/**
 * Where the viewer is signed in, this browser first; null when this sign-in is too old to be shown that. Their tokens stay
 * here: who has one is signed in.
 */
export async function sessionsOf(args: Args): Promise<SignedIn[] | null> {
  const [sessions, here] = await Promise.all([listed(args), current(args)])
  return (
    sessions
      ?.map(({ id, userAgent, createdAt, updatedAt }) => ({
        id,
        device: deviceOf(userAgent ?? ''),
        since: createdAt,
        seenAt: updatedAt,
        here: id === here,
      }))
      .sort((a, b) => Number(b.here) - Number(a.here) || b.seenAt.localeCompare(a.seenAt)) ?? null
  )
}

async function listed({ request, context }: Args): Promise<Session[] | null> {
  const response = await context.api(onBehalfOf(request, '/api/auth/list-sessions'))
  return response.ok ? response.json() : null
}

async function current({ request, context }: Args): Promise<string | undefined> {
  const response = await context.api(onBehalfOf(request, '/api/auth/get-session'))
  const found: { session: { id: string } } | null = response.ok ? await response.json() : null
  return found?.session.id
}

/** Whether there is a password: who signs in with an account elsewhere need not have one. */
export async function hasPassword({ request, context }: Args): Promise<boolean> {
  const response = await context.api(onBehalfOf(request, '/api/auth/list-accounts'))
  const accounts: { providerId: string }[] = response.ok ? await response.json() : []
  return !response.ok || accounts.some(({ providerId }) => providerId === 'credential')
}

/** What a browser says of itself, in two words: it is a hint, not more. */
function deviceOf(agent: string): string[] {
  const browser = /Firefox|Edg|OPR|Chrom|Safari/.exec(agent)?.[0] ?? ''
  const system = /Android|iPhone|iPad|Windows|Mac OS|Linux/.exec(agent)?.[0] ?? ''
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', Chrom: 'Chrome', 'Mac OS': 'macOS' }
  return [browser, system].filter(Boolean).map((it) => names[it] ?? it)
}

export type AccountAnswer = { intent: string; error?: string; done?: string }

/** Does what one of the forms of the account asks for. Refusals come back as a sentence. */
export async function changeAccount({ request, context }: ActionFunctionArgs) {
  const form = await request.formData()
  const intent = String(form.get('intent') ?? '')
  const t = await wordsFor(request)
  const change = await changeOf(intent, form, t, { request, context })
  if ('error' in change) return data<AccountAnswer>({ intent, error: change.error }, { status: 400 })
  const response = await context.api(onBehalfOf(request, `/api/auth/${change.path}`, change.body))
  if (response.status === 401) throw toSignIn(request)
  if (!response.ok) return data<AccountAnswer>({ intent, error: await refusal(request, response) }, { status: 400 })
  const headers = new Headers()
  for (const cookie of response.headers.getSetCookie()) headers.append('set-cookie', cookie)
  return data<AccountAnswer>({ intent, done: change.done }, { headers })
}

type Words = Awaited<ReturnType<typeof wordsFor>>
type Change = { path: string; body: object; done: string } | { error: string }

async function changeOf(intent: string, form: FormData, t: Words, args: Args): Promise<Change> {
  const text = (name: string) => String(form.get(name) ?? '')
  switch (intent) {
    case 'name': {
      const name = text('name').trim()
      if (!name) return { error: t('auth.nameMissing') }
      return { path: 'update-user', body: { name }, done: t('settings.nameSaved') }
    }
    case 'email': {
      const newEmail = text('email').trim()
      const body = { newEmail, password: text('current') || undefined, callbackURL: '/dashboard/settings' }
      const { mail } = await waysIn(args)
      const done = mail ? t('settings.emailAsked', { email: newEmail }) : t('settings.emailChanged')
      return { path: 'change-email', body, done }
    }
    case 'password': {
      const body = {
        currentPassword: text('current'),
        newPassword: text('new'),
        revokeOtherSessions: form.has('everywhere'),
      }
      return { path: 'change-password', body, done: t('settings.passwordChanged') }
    }
    case 'sign-out-others':
      return { path: 'revoke-other-sessions', body: {}, done: t('settings.signedOutElsewhere') }
    case 'sign-out-one': {
      const session = (await listed(args))?.find(({ id }) => id === text('session'))
      if (!session) return { error: t('settings.alreadySignedOut') }
      return { path: 'revoke-session', body: { token: session.token }, done: t('settings.browserSignedOut') }
    }
    default:
      return { error: t('settings.unknown') }
  }
}
