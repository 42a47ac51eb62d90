import { type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { destination, onBehalfOf } from '~/session.server.ts'

/** Leads to where the person has the other account; from there the browser comes back to the API, and then to the page. */
export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const asked = { provider: params.provider, callbackURL: destination(request), errorCallbackURL: '/sign-in' }
  const response = await context.api(onBehalfOf(request, '/api/auth/sign-in/social', asked))
  if (!response.ok) return redirect(`/sign-in?error=${response.status === 429 ? 'tooMany' : 'provider'}`)
  const { url }: { url: string } = await response.json()
  const headers = new Headers()
  for (const cookie of response.headers.getSetCookie()) headers.append('set-cookie', cookie)
  return redirect(url, { headers })
}
