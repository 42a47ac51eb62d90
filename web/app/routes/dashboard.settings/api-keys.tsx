import { useState } from 'react'
import { useFormatter, useTranslations } from 'use-intl'
import { mutate } from '~/api.ts'
import { Button } from '~/components/button.tsx'
import { Dialog } from '~/components/dialog.tsx'
import { PlusIcon } from '~/components/icons.tsx'
import { Notice } from '~/components/notice.tsx'
import { When } from '~/components/when.tsx'
import { sentenceOf } from '~/failure.ts'
import type { ApiKeyFieldsFragment } from '../../../../schema/generated/graphql.ts'
import { scopes as knownScopes, NewKey } from './new-key-dialog.tsx'
import { RevokeKey } from './queries.ts'
import { listStyle, Section } from './section.tsx'

type ApiKey = ApiKeyFieldsFragment

/** Keys for programs: made, listed, revoked. */
export function ApiKeys({ read }: { read: ApiKey[] }) {
  const t = useTranslations('settings')
  const [keys, setKeys] = useState(read)
  const [making, setMaking] = useState(false)
  return (
    <Section
      id="api-keys"
      title={t('keys')}
      lead={t('keysLead')}
      action={
        <Button size="small" onClick={() => setMaking(true)}>
          <PlusIcon className="size-4" />
          {t('newKey')}
        </Button>
      }
    >
      {keys.length === 0 ? (
        <p className="rounded-2xl border border-dashed border-line px-6 py-8 text-center text-sm leading-relaxed text-muted">
          {t.rich('noKeys', { code: (words) => <code className="font-mono">{words}</code> })}
        </p>
      ) : (
        <ul className={listStyle}>
          {keys.map((key) => (
            <KeyItem
              key={key.id}
              apiKey={key}
              onRevoked={() => setKeys((before) => before.filter(({ id }) => id !== key.id))}
            />
          ))}
        </ul>
      )}
      {making && <NewKey onMade={(key) => setKeys((before) => [key, ...before])} onClose={() => setMaking(false)} />}
    </Section>
  )
}

function KeyItem({ apiKey, onRevoked }: { apiKey: ApiKey; onRevoked: () => void }) {
  const t = useTranslations('settings')
  const [asking, setAsking] = useState(false)
  const { name, start, scopes, expiresAt, lastUsedAt } = apiKey
  const scopeInWords = (scope: string) => {
    const words = knownScopes.find(([known]) => known === scope)?.[1]
    return words ? t(`scopes.${words}`) : scope
  }
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium wrap-anywhere" dir="auto">
            {name}
          </span>
          <code className="font-mono text-xs text-muted">{start}…</code>
        </p>
        <p className="mt-0.5 text-sm text-muted">{scopes.map((scope) => scopeInWords(scope)).join(' · ')}</p>
        <p className="mt-0.5 text-sm text-muted">
          {lastUsedAt ? t.rich('lastUsed', { when: () => <When at={lastUsedAt} /> }) : t('neverUsed')}
          {expiresAt && <Expiry at={expiresAt} />}
        </p>
      </div>
      <Button size="small" look="quiet" className="hover:text-danger" onClick={() => setAsking(true)}>
        {t.rich('revokeKey', { name, hidden: (words) => <span className="sr-only">{words}</span> })}
      </Button>
      {asking && <Revoke apiKey={apiKey} onRevoked={onRevoked} onClose={() => setAsking(false)} />}
    </li>
  )
}

function Expiry({ at }: { at: string }) {
  const t = useTranslations('settings')
  const format = useFormatter()
  const day = format.dateTime(new Date(at), { dateStyle: 'medium' })
  return t.rich('expires', {
    when: () => (
      <time dateTime={at} suppressHydrationWarning>
        {day}
      </time>
    ),
  })
}

type RevokeProps = { apiKey: ApiKey; onRevoked: () => void; onClose: () => void }

function Revoke({ apiKey, onRevoked, onClose }: RevokeProps) {
  const t = useTranslations('settings')
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const revoke = async () => {
    setBusy(true)
    setFailure(null)
    try {
      await mutate(RevokeKey, { input: { apiKeyId: apiKey.id } })
      onClose()
      onRevoked()
    } catch (error) {
      setFailure(sentenceOf(error))
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t('revokeTitle')}
      description={t.rich('revokeText', { name: () => <bdi>{apiKey.name}</bdi> })}
    >
      {failure && <Notice className="mb-4">{failure}</Notice>}
      <div className="flex justify-end gap-3">
        <Button onClick={onClose}>{t('keepIt')}</Button>
        <Button look="danger" onClick={revoke} disabled={busy}>
          {t('revoke')}
        </Button>
      </div>
    </Dialog>
  )
}
