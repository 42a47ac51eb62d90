import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Link, useActionData, useLocation } from '@remix-run/react'
import { AuthForm } from '~/components/auth-form.tsx'
import { AuthPage } from '~/components/auth-page.tsx'
import { Field } from '~/components/field.tsx'
import { authenticate, destination, isSignedIn } from '~/session.server.ts'

export const meta: MetaFunction = () => [{ title: 'Sign in · Parley' }]

export async function loader(args: LoaderFunctionArgs) {
  return (await isSignedIn(args)) ? redirect(destination(args.request)) : null
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const email = String(form.get('email') ?? '').trim()
  const password = String(form.get('password') ?? '')
  const { error } = await authenticate(args, 'sign-in/email', { email, password }, destination(args.request))
  return data({ error, email }, { status: 400 })
}

export default function SignIn() {
  const refused = useActionData<typeof action>()
  const { search } = useLocation()
  return (
    <AuthPage
      title="Welcome back"
      lead={
        <>
          New here?{' '}
          <Link to={`/sign-up${search}`} className="font-medium text-link underline underline-offset-4">
            Create an account
          </Link>
        </>
      }
    >
      <AuthForm error={refused?.error} submit="Sign in">
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="email"
          required
          defaultValue={refused?.email}
          placeholder="you@example.com"
        />
        <Field label="Password" name="password" type="password" autoComplete="current-password" required />
      </AuthForm>
    </AuthPage>
  )
}
