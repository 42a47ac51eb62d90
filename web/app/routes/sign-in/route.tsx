import { type ActionFunctionArgs, data, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { Link, useActionData, useLocation } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { AuthForm } from '~/components/auth-form.tsx'
import { AuthPage } from '~/components/auth-page.tsx'
import { Field } from '~/components/field.tsx'
import { titled } from '~/language.tsx'
import { authenticate, destination, isSignedIn } from '~/session.server.ts'

export const meta = titled('signIn')

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
  const t = useTranslations('auth')
  const refused = useActionData<typeof action>()
  const { search } = useLocation()
  return (
    <AuthPage
      title={t('welcomeBack')}
      lead={t.rich('newHere', {
        link: (words) => (
          <Link to={`/sign-up${search}`} className="font-medium text-link underline underline-offset-4">
            {words}
          </Link>
        ),
      })}
    >
      <AuthForm error={refused?.error} submit={t('signIn')}>
        <Field
          label={t('email')}
          name="email"
          type="email"
          autoComplete="email"
          required
          defaultValue={refused?.email}
          placeholder={t('emailExample')}
        />
        <Field label={t('password')} name="password" type="password" autoComplete="current-password" required />
      </AuthForm>
    </AuthPage>
  )
}
