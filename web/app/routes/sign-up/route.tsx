import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Link, useActionData, useLocation } from '@remix-run/react'
import { AuthForm } from '~/components/auth-form.tsx'
import { AuthPage } from '~/components/auth-page.tsx'
import { Field } from '~/components/field.tsx'
import { authenticate, destination, isSignedIn } from '~/session.server.ts'

export const meta: MetaFunction = () => [{ title: 'Create an account · Parley' }]

export async function loader(args: LoaderFunctionArgs) {
  return (await isSignedIn(args)) ? redirect(destination(args.request)) : null
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const name = String(form.get('name') ?? '').trim()
  const email = String(form.get('email') ?? '').trim()
  const password = String(form.get('password') ?? '')
  if (!name) return data({ error: 'Please say what we may call you.', name, email }, { status: 400 })
  const { error } = await authenticate(args, 'sign-up/email', { name, email, password }, destination(args.request))
  return data({ error, name, email }, { status: 400 })
}

export default function SignUp() {
  const refused = useActionData<typeof action>()
  const { search } = useLocation()
  return (
    <AuthPage
      title="Create your account"
      lead={
        <>
          Have one already?{' '}
          <Link to={`/sign-in${search}`} className="font-medium text-link underline underline-offset-4">
            Sign in
          </Link>
        </>
      }
    >
      <AuthForm error={refused?.error} submit="Create account">
        <Field label="Name" name="name" autoComplete="name" required maxLength={100} defaultValue={refused?.name} />
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="email"
          required
          defaultValue={refused?.email}
          placeholder="you@example.com"
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          required
          minLength={8}
          hint="At least 8 characters."
        />
      </AuthForm>
    </AuthPage>
  )
}
