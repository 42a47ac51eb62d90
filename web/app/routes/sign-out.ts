import { type ActionFunctionArgs, redirect } from '@remix-run/node'
import { authenticate } from '~/session.server.ts'

export async function action(args: ActionFunctionArgs) {
  await authenticate(args, 'sign-out', {}, '/sign-in')
  // Refused because nobody is signed in any more.
  return redirect('/sign-in')
}

export const loader = () => redirect('/')
