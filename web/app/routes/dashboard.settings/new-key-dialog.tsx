import { type FormEvent, useState } from 'react'
import { useTranslations } from 'use-intl'
import { mutate } from '~/api.ts'
import { Button } from '~/components/button.tsx'
import { CopyButton } from '~/components/copy-button.tsx'
import { Dialog } from '~/components/dialog.tsx'
import { Field, inputStyle } from '~/components/field.tsx'
import { Notice } from '~/components/notice.tsx'
import { sentenceOf } from '~/failure.ts'
import type { ApiKeyFieldsFragment } from '../../../../schema/generated/graphql.ts'
import { MakeKey } from './queries.ts'

type ApiKey = ApiKeyFieldsFragment
type NewKeyProps = { onMade: (key: ApiKey) => void; onClose: () => void }

/** Asks what the key is for; shows it once. */
export function NewKey({ onMade, onClose }: NewKeyProps) {
  const t = useTranslations('settings')
  const [key, setKey] = useState<string | null>(null)
  if (key !== null) return <Made apiKey={key} onClose={onClose} />
  return (
    <Dialog open onOpenChange={onClose} title={t('newKeyTitle')}>
      <KeyForm
        onClose={onClose}
        onMade={(made, text) => {
          onMade(made)
          setKey(text)
        }}
      />
    </Dialog>
  )
}

/** In the words of what a program may then do. */
export const scopes = [
  ['conversations:read', 'readConversations'],
  ['conversations:write', 'writeConversations'],
  ['runs:write', 'writeRuns'],
  ['tasks:read', 'readTasks'],
  ['tasks:write', 'writeTasks'],
] as const

const lifetimes = [7, 30, 90, 365] as const

type KeyFormProps = { onMade: (key: ApiKey, text: string) => void; onClose: () => void }

function KeyForm({ onMade, onClose }: KeyFormProps) {
  const t = useTranslations('settings')
  const common = useTranslations('common')
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const make = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const name = String(data.get('name')).trim()
    const wanted = data.getAll('scope').map(String)
    if (wanted.length === 0) return setFailure(t('tickOne'))
    setBusy(true)
    setFailure(null)
    try {
      const expiresInDays = Number(data.get('days'))
      const { createApiKey } = await mutate(MakeKey, { input: { name, scopes: wanted, expiresInDays } })
      if (createApiKey) onMade(createApiKey.apiKey, createApiKey.key)
    } catch (error) {
      setFailure(sentenceOf(error))
      setBusy(false)
    }
  }
  return (
    <form onSubmit={make} className="space-y-5">
      <Field
        label={common('name')}
        name="name"
        required
        maxLength={100}
        autoComplete="off"
        placeholder={t('keyExample')}
      />
      <fieldset>
        <legend className="mb-1 text-sm font-medium">{t('may')}</legend>
        {scopes.map(([scope, words]) => (
          <label key={scope} className="flex min-h-9 items-center gap-2.5 py-1.5 text-sm leading-snug">
            <input type="checkbox" name="scope" value={scope} className="size-4.5 shrink-0 accent-link" />
            {t(`scopes.${words}`)}
          </label>
        ))}
      </fieldset>
      <label className="block space-y-1.5 text-sm font-medium">
        <span className="block">{t('expiresIn')}</span>
        <select name="days" defaultValue="90" className={`${inputStyle} h-11 font-normal`}>
          {lifetimes.map((days) => (
            <option key={days} value={days}>
              {days === 365 ? t('year') : t('days', { count: days })}
            </option>
          ))}
        </select>
      </label>
      {failure && <Notice urgent>{failure}</Notice>}
      <div className="flex justify-end gap-3">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" look="accent" disabled={busy}>
          {t('makeKey')}
        </Button>
      </div>
    </form>
  )
}

function Made({ apiKey, onClose }: { apiKey: string; onClose: () => void }) {
  const t = useTranslations('settings')
  const common = useTranslations('common')
  return (
    <Dialog open onOpenChange={onClose} title={t('yourKey')} description={t('copyNow')}>
      <div className="flex items-center gap-2 rounded-xl border border-line bg-sunken p-2 ps-3.5">
        <code data-key="" className="min-w-0 flex-1 font-mono text-sm wrap-anywhere">
          {apiKey}
        </code>
        <CopyButton text={() => apiKey} label={t('copyKey')} />
      </div>
      <div className="mt-5 flex justify-end">
        <Button look="accent" onClick={onClose}>
          {common('done')}
        </Button>
      </div>
    </Dialog>
  )
}
