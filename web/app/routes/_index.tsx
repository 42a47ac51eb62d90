import { type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { isSignedIn } from '~/session.server.ts'

export async function loader(args: LoaderFunctionArgs) {
  return redirect((await isSignedIn(args)) ? '/dashboard' : '/sign-in')
}
