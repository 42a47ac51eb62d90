import { Link } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { Button } from '~/components/button.tsx'
import { Field } from '~/components/field.tsx'
import { Spinner } from '~/components/spinner.tsx'
import { FormAnswer } from './form-answer.tsx'
import { Card, Section } from './section.tsx'
import { useAccountForm } from './use-account-form.ts'

type AccountProps = { viewer: { name: string; email: string }; hasPassword: boolean }

/** Who one is here, and the password. */
export function Account({ viewer, hasPassword }: AccountProps) {
  const t = useTranslations('settings')
  return (
    <Section id="account" title={t('account')} lead={t('accountLead', { email: viewer.email })}>
      <NameForm name={viewer.name} />
      <EmailForm hasPassword={hasPassword} />
      {hasPassword ? <PasswordForm email={viewer.email} /> : <NoPassword />}
    </Section>
  )
}

function NameForm({ name }: { name: string }) {
  const t = useTranslations('settings')
  const common = useTranslations('common')
  const { Form, busy, answer } = useAccountForm()
  return (
    <Card>
      <Form method="post" className="grid gap-4">
        <input type="hidden" name="intent" value="name" />
        <div className="flex flex-wrap items-end gap-3">
          <Field
            label={common('name')}
            name="name"
            autoComplete="name"
            required
            maxLength={100}
            defaultValue={name}
            className="min-w-0 flex-1 basis-56"
          />
          <Button type="submit" disabled={busy}>
            {busy && <Spinner />}
            {t('save')}
          </Button>
        </div>
        <FormAnswer answer={answer} />
      </Form>
    </Card>
  )
}

function EmailForm({ hasPassword }: { hasPassword: boolean }) {
  const t = useTranslations('settings')
  const auth = useTranslations('auth')
  const { Form, form, busy, answer } = useAccountForm()
  return (
    <Card>
      <Form ref={form} method="post" className="grid gap-4">
        <input type="hidden" name="intent" value="email" />
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label={t('newEmail')}
            name="email"
            type="email"
            autoComplete="off"
            required
            placeholder={auth('emailExample')}
          />
          {hasPassword && <Field label={auth('password')} name="current" type="password" autoComplete="off" required />}
        </div>
        <div className="flex justify-end">
          <Button type="submit" disabled={busy}>
            {busy && <Spinner />}
            {t('changeEmail')}
          </Button>
        </div>
        <FormAnswer answer={answer} />
      </Form>
    </Card>
  )
}

/** A way to have one all the same: the letter for a forgotten one. */
function NoPassword() {
  const t = useTranslations('settings')
  return (
    <Card>
      <p className="text-sm text-muted">
        {t.rich('noPassword', {
          link: (words) => (
            <Link to="/forgot-password" className="text-link underline underline-offset-4">
              {words}
            </Link>
          ),
        })}
      </p>
    </Card>
  )
}

function PasswordForm({ email }: { email: string }) {
  const t = useTranslations('settings')
  const auth = useTranslations('auth')
  const { Form, form, busy, answer } = useAccountForm()
  return (
    <Card>
      <Form ref={form} method="post" className="grid gap-4">
        <input type="hidden" name="intent" value="password" />
        <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t('currentPassword')} name="current" type="password" autoComplete="current-password" required />
          <Field
            label={t('newPassword')}
            name="new"
            type="password"
            autoComplete="new-password"
            required
            minLength={8}
            maxLength={128}
            hint={auth('passwordHint')}
          />
        </div>
        <div className="flex flex-wrap items-center justify-between gap-3">
          <label className="flex min-h-10 items-center gap-2.5 text-sm">
            <input type="checkbox" name="everywhere" defaultChecked className="size-4.5 accent-link" />
            {t('signOutElsewhere')}
          </label>
          <Button type="submit" disabled={busy}>
            {busy && <Spinner />}
            {t('changePassword')}
          </Button>
        </div>
        <FormAnswer answer={answer} />
      </Form>
    </Card>
  )
}
