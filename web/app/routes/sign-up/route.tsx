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
import { wordsFor } from '~/words.server.ts'

export const meta = titled('signUp')

export async function loader(args: LoaderFunctionArgs) {
  if (await isSignedIn(args)) throw redirect(destination(args.request))
  return { providers: (await waysIn(args)).providers }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const name = String(form.get('name') ?? '').trim()
  const email = String(form.get('email') ?? '').trim()
  const password = String(form.get('password') ?? '')
  if (!name) return data({ error: (await wordsFor(args.request))('auth.nameMissing'), name, email }, { status: 400 })
  const { error } = await authenticate(args, 'sign-up/email', { name, email, password }, destination(args.request))
  return data({ error, name, email }, { status: 400 })
}

export default function SignUp() {
  const t = useTranslations('auth')
  const refused = useActionData<typeof action>()
  const { providers } = useLoaderData<typeof loader>()
  const { search } = useLocation()
  return (
    <AuthPage
      title={t('createYourAccount')}
      lead={t.rich('haveOne', {
        link: (words) => (
          <Link to={`/sign-in${search}`} className="font-medium text-link underline underline-offset-4">
            {words}
          </Link>
        ),
      })}
    >
      <AuthForm error={refused?.error} submit={t('createAccount')}>
        <Field
          label={t('name')}
          name="name"
          autoComplete="name"
          required
          maxLength={100}
          defaultValue={refused?.name}
        />
        <Field
          label={t('email')}
          name="email"
          type="email"
          autoComplete="email"
          required
          defaultValue={refused?.email}
          placeholder={t('emailExample')}
        />
        <Field
          label={t('password')}
          name="password"
          type="password"
          autoComplete="new-password"
          required
          minLength={8}
          hint={t('passwordHint')}
        />
      </AuthForm>
      <Providers providers={providers} />
    </AuthPage>
  )
}
