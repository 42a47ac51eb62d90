import { type AppLoadContext, redirect } from '@remix-run/node'
import { languageOf } from './messages/languages.ts'
import { refusalInWords } from './refusal.ts'
import { wordsFor } from './words.server.ts'

type Args = { request: Request; context: AppLoadContext }

/** What the API may know of the browser's request. The origin is the browser's own, so a foreign form is refused there. */
function forwarded({ headers, url }: Request): Headers {
  const passed = new Headers({
    origin: headers.get('origin') ?? new URL(url).origin,
    // Letters are written in the language of the page.
    'accept-language': languageOf(headers),
  })
  for (const name of ['cookie', 'user-agent', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host']) {
    const value = headers.get(name)
    if (value) passed.set(name, value)
  }
  return passed
}

/** A request to the API on behalf of the browser that sent `request`; it ends when the browser leaves. */
export function onBehalfOf(request: Request, path: string, body?: unknown): Request {
  const headers = forwarded(request)
  if (body !== undefined) headers.set('content-type', 'application/json')
  return new Request(new URL(path, request.url), {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: request.signal,
  })
}

/** Whether this browser is signed in. */
export async function isSignedIn({ request, context }: Args): Promise<boolean> {
  const response = await context.api(onBehalfOf(request, '/api/auth/get-session'))
  if (!response.ok) return false
  return (await response.json()) !== null
}

/** Leads to sign-in, and from there back to the page that was asked for. */
export function toSignIn(request: Request): Response {
  const { pathname, search } = new URL(request.url)
  const page = `${pathname.replace(/\.data$/, '').replace(/\/_root$/, '/')}${search}`
  return redirect(`/sign-in?to=${encodeURIComponent(page)}`)
}

/**
 * Where to go after signing in: a path of ours, nothing else. It is read as the browser will read it, which overlooks tabs
 * and line breaks and takes a backslash for a slash.
 */
export function destination({ url }: Request): string {
  const to = new URL(url).searchParams.get('to') ?? ''
  const path = to.startsWith('/') ? ownPath(to, url) : null
  // What was left out on the way may have brought two slashes to the front: `/.//evil.example`.
  return path !== null && ownPath(path, url) === path ? path : '/dashboard'
}

function ownPath(to: string, base: string): string | null {
  if (!URL.canParse(to, base)) return null
  const { origin, pathname, search, hash } = new URL(to, base)
  return origin === new URL(base).origin ? `${pathname}${search}${hash}` : null
}

type AuthPath = 'sign-in/email' | 'sign-up/email' | 'sign-out'

/** Does it and redirects with the cookies that say so; or gives the sentence that says why not. */
export async function authenticate({ request, context }: Args, path: AuthPath, body: object, to: string) {
  const response = await context.api(onBehalfOf(request, `/api/auth/${path}`, body))
  if (!response.ok) return { error: await refusal(request, response) }
  const headers = new Headers()
  for (const cookie of response.headers.getSetCookie()) headers.append('set-cookie', cookie)
  throw redirect(to, { headers })
}

/** Why Better Auth did not do it, as a sentence in the language of the page that asked. */
export async function refusal(request: Request, response: Response): Promise<string> {
  const said = await response.json().catch(() => null)
  return refusalInWords(await wordsFor(request), response.status, said ?? {})
}
