import { type ActionFunctionArgs, data, type LoaderFunctionArgs } from '@remix-run/node'
import { Link, useActionData, useLoaderData } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { AuthForm } from '~/components/auth-form.tsx'
import { AuthPage } from '~/components/auth-page.tsx'
import { Field } from '~/components/field.tsx'
import { Notice } from '~/components/notice.tsx'
import { titled } from '~/language.tsx'
import { onBehalfOf, refusal } from '~/session.server.ts'
import { waysIn } from '~/ways-in.server.ts'

export const meta = titled('forgotPassword')

export async function loader(args: LoaderFunctionArgs) {
  return { mail: (await waysIn(args)).mail }
}

export async function action({ request, context }: ActionFunctionArgs) {
  const email = String((await request.formData()).get('email') ?? '').trim()
  const response = await context.api(onBehalfOf(request, '/api/auth/request-password-reset', { email }))
  if (!response.ok) return data({ error: await refusal(request, response), email, sent: false }, { status: 400 })
  return data({ error: undefined, email, sent: true })
}

/** Asks for a link by mail. Whether there is such an account is not said. */
export default function ForgotPassword() {
  const t = useTranslations('auth')
  const { mail } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  return (
    <AuthPage
      title={t('forgotTitle')}
      lead={t.rich(mail ? 'forgotLead' : 'backToSignIn', {
        link: (words) => (
          <Link to="/sign-in" className="font-medium text-link underline underline-offset-4">
            {words}
          </Link>
        ),
      })}
    >
      {!mail && <Notice tone="calm">{t('noMail')}</Notice>}
      {mail && answer?.sent && (
        <p role="status" className="rounded-xl border border-line bg-surface px-3.5 py-2.5 text-sm">
          {t('linkSent')}
        </p>
      )}
      {mail && !answer?.sent && (
        <AuthForm error={answer?.error} submit={t('sendLink')}>
          <Field
            label={t('email')}
            name="email"
            type="email"
            autoComplete="email"
            required
            defaultValue={answer?.email}
            placeholder={t('emailExample')}
          />
        </AuthForm>
      )}
    </AuthPage>
  )
}
