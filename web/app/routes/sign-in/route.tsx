import { type ActionFunctionArgs, data, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { Link, useActionData, useLoaderData, useLocation } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { AuthForm } from '~/components/auth-form.tsx'
import { AuthPage } from '~/components/auth-page.tsx'
import { Field } from '~/components/field.tsx'
import { Providers } from '~/components/providers.tsx'
import { titled } from '~/language.tsx'
import { authenticate, destination, isSignedIn } from '~/session.server.ts'
import { waysIn } from '~/ways-in.server.ts'

export const meta = titled('signIn')

export async function loader(args: LoaderFunctionArgs) {
  if (await isSignedIn(args)) throw redirect(destination(args.request))
  const { searchParams } = new URL(args.request.url)
  const { providers } = await waysIn(args)
  return { providers, failed: searchParams.get('error'), isReset: searchParams.get('reset') === 'done' }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const email = String(form.get('email') ?? '').trim()
  const password = String(form.get('password') ?? '')
  const { error } = await authenticate(args, 'sign-in/email', { email, password }, destination(args.request))
  return data({ error, email }, { status: 400 })
}

/** Why signing in with an account elsewhere did not work. What it is called there, nobody here understands. */
function reasonOf(failed: string): 'account_not_linked' | 'tooMany' | 'provider' {
  return failed === 'account_not_linked' || failed === 'tooMany' ? failed : 'provider'
}

export default function SignIn() {
  const t = useTranslations('auth')
  const refused = useActionData<typeof action>()
  const { providers, failed, isReset } = useLoaderData<typeof loader>()
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
      {isReset && !refused && (
        <p role="status" className="mb-5 rounded-xl border border-line bg-surface px-3.5 py-2.5 text-sm">
          {t('passwordSaved')}
        </p>
      )}
      <AuthForm error={refused?.error ?? (failed ? t(`refusals.${reasonOf(failed)}`) : undefined)} submit={t('signIn')}>
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
        <p className="text-sm">
          <Link to="/forgot-password" className="text-link underline underline-offset-4">
            {t('forgot')}
          </Link>
        </p>
      </AuthForm>
      <Providers providers={providers} />
    </AuthPage>
  )
}
