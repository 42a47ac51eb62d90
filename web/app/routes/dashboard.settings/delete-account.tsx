import { useEffect, useState } from 'react'
import { useTranslations } from 'use-intl'
import { forgetToken } from '~/api.ts'
import { Button } from '~/components/button.tsx'
import { Dialog } from '~/components/dialog.tsx'
import { Field } from '~/components/field.tsx'
import { Spinner } from '~/components/spinner.tsx'
import { forgetDrafts } from '~/drafts.ts'
import { FormAnswer } from './form-answer.tsx'
import { Section } from './section.tsx'
import { useAccountForm } from './use-account-form.ts'

type DeleteAccountProps = { viewer: { id: string; email: string }; hasPassword: boolean }

/** The way out: everything of this person goes. */
export function DeleteAccount(props: DeleteAccountProps) {
  const t = useTranslations('settings')
  const [asking, setAsking] = useState(false)
  return (
    <Section id="delete-account" title={t('deleteAccount')} lead={t('deleteLead')}>
      <Button look="danger" onClick={() => setAsking(true)}>
        {t('deleteAccount')}…
      </Button>
      {asking && <Confirm {...props} onClose={() => setAsking(false)} />}
    </Section>
  )
}

function Confirm({ viewer, hasPassword, onClose }: DeleteAccountProps & { onClose: () => void }) {
  const t = useTranslations('settings')
  const words = useTranslations()
  const { Form, busy, answer } = useAccountForm()
  const gone = Boolean(answer?.done)
  const leave = () => {
    onClose()
    window.location.hash = 'moving'
  }
  useEffect(() => {
    if (!gone) return
    forgetDrafts(viewer.id)
    forgetToken()
    // A whole new page: nothing of this person stays in the browser's memory.
    window.location.assign('/sign-up')
  }, [gone, viewer.id])
  return (
    <Dialog open onOpenChange={onClose} title={t('deleteTitle')} description={t('deleteText', { email: viewer.email })}>
      <Form method="post" className="space-y-5">
        <input type="hidden" name="intent" value="delete-account" />
        <p className="text-sm">
          {t.rich('takeAlong', {
            link: (words) => (
              <button type="button" onClick={leave} className="rounded text-link underline underline-offset-4">
                {words}
              </button>
            ),
          })}
        </p>
        {hasPassword ? (
          <Field
            label={words('auth.password')}
            name="current"
            type="password"
            autoComplete="current-password"
            required
          />
        ) : (
          <p className="text-sm text-muted">{t('deleteFresh')}</p>
        )}
        <FormAnswer answer={answer} />
        <div className="flex flex-wrap justify-end gap-3">
          <Button onClick={onClose}>{words('common.cancel')}</Button>
          <Button type="submit" look="danger" disabled={busy || gone}>
            {(busy || gone) && <Spinner />}
            {t('deleteAll')}
          </Button>
        </div>
      </Form>
    </Dialog>
  )
}
