import { type FormEvent, useState } from 'react'
import { useTranslations } from 'use-intl'
import { forgetToken } from '~/api.ts'
import { Button } from '~/components/button.tsx'
import { Dialog } from '~/components/dialog.tsx'
import { Field } from '~/components/field.tsx'
import { Notice } from '~/components/notice.tsx'
import { Spinner } from '~/components/spinner.tsx'
import { forgetDrafts } from '~/drafts.ts'
import { inWords } from '~/failure.ts'
import { words } from '~/language.tsx'
import { refusalInWords } from '~/refusal.ts'
import { Section } from './section.tsx'

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
  const all = useTranslations()
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const [password, setPassword] = useState('')
  const leave = () => {
    onClose()
    window.location.hash = 'moving'
  }
  const remove = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setFailure(null)
    const refused = await refusalToDelete(password)
    if (refused === null) return leaveForGood(viewer.id)
    setFailure(refused)
    setBusy(false)
  }
  return (
    <Dialog open onOpenChange={onClose} title={t('deleteTitle')} description={t('deleteText', { email: viewer.email })}>
      <form onSubmit={remove} className="space-y-5">
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
            label={all('auth.password')}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            type="password"
            autoComplete="current-password"
            required
          />
        ) : (
          <p className="text-sm text-muted">{t('deleteFresh')}</p>
        )}
        {failure && <Notice urgent>{failure}</Notice>}
        <div className="flex flex-wrap justify-end gap-3">
          <Button onClick={onClose}>{all('common.cancel')}</Button>
          <Button type="submit" look="danger" disabled={busy}>
            {busy && <Spinner />}
            {t('deleteAll')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Asked from here, not by an action of the page: that would read the page anew, as somebody who is no more. */
async function refusalToDelete(password: string): Promise<string | null> {
  const body = JSON.stringify({ password: password || undefined })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch('/api/auth/delete-user', { method: 'POST', headers, body }).catch(() => null)
  if (!response) return inWords('NETWORK')
  if (response.ok) return null
  return refusalInWords(words(), response.status, (await response.json().catch(() => null)) ?? {})
}

/** A whole new page: nothing of this person stays in the browser's memory. */
function leaveForGood(userId: string): void {
  forgetDrafts(userId)
  forgetToken()
  window.location.assign('/sign-up')
}
