import { type ActionFunctionArgs, data, redirect } from '@remix-run/node'
import { Link, useActionData } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { AuthForm } from '~/components/auth-form.tsx'
import { AuthPage } from '~/components/auth-page.tsx'
import { Field } from '~/components/field.tsx'
import { titled } from '~/language.tsx'
import { onBehalfOf, refusal } from '~/session.server.ts'

export const meta = titled('resetPassword')

export async function action({ request, context }: ActionFunctionArgs) {
  const newPassword = String((await request.formData()).get('password') ?? '')
  const token = new URL(request.url).searchParams.get('token') ?? ''
  const response = await context.api(onBehalfOf(request, '/api/auth/reset-password', { newPassword, token }))
  if (!response.ok) return data({ error: await refusal(request, response) }, { status: 400 })
  return redirect('/sign-in?reset=done')
}

/** Where the link in the letter leads. */
export default function ResetPassword() {
  const t = useTranslations('auth')
  const refused = useActionData<typeof action>()
  return (
    <AuthPage
      title={t('chooseTitle')}
      lead={t.rich('chooseLead', {
        link: (words) => (
          <Link to="/forgot-password" className="font-medium text-link underline underline-offset-4">
            {words}
          </Link>
        ),
      })}
    >
      <AuthForm error={refused?.error} submit={t('savePassword')}>
        <Field
          label={t('newPassword')}
          name="password"
          type="password"
          autoComplete="new-password"
          required
          minLength={8}
          maxLength={128}
          hint={t('passwordHint')}
        />
      </AuthForm>
    </AuthPage>
  )
}
