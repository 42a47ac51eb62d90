import { useState } from 'react'
import { mutate } from '~/api.ts'
import { Button } from '~/components/button.tsx'
import { Dialog } from '~/components/dialog.tsx'
import { PlusIcon } from '~/components/icons.tsx'
import { Notice } from '~/components/notice.tsx'
import { When } from '~/components/when.tsx'
import { sentenceOf } from '~/failure.ts'
import type { ApiKeyFieldsFragment } from '../../../../schema/generated/graphql.ts'
import { NewKey } from './new-key-dialog.tsx'
import { RevokeKey } from './queries.ts'
import { listStyle, Section } from './section.tsx'

type ApiKey = ApiKeyFieldsFragment

/** Keys for programs: made, listed, revoked. */
export function ApiKeys({ read }: { read: ApiKey[] }) {
  const [keys, setKeys] = useState(read)
  const [making, setMaking] = useState(false)
  return (
    <Section
      id="api-keys"
      title="API keys"
      lead="For programs that act for you, with no more rights than you give them."
      action={
        <Button size="small" onClick={() => setMaking(true)}>
          <PlusIcon className="size-4" />
          New key
        </Button>
      }
    >
      {keys.length === 0 ? (
        <p className="rounded-2xl border border-dashed border-line px-6 py-8 text-center text-sm leading-relaxed text-muted">
          No keys yet. A program sends one as <code className="font-mono">Authorization: Bearer parley_…</code>
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
  const [asking, setAsking] = useState(false)
  const { name, start, scopes, expiresAt, lastUsedAt } = apiKey
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium wrap-anywhere" dir="auto">
            {name}
          </span>
          <code className="font-mono text-xs text-muted">{start}…</code>
        </p>
        <p className="mt-0.5 text-sm text-muted">{scopes.join(', ')}</p>
        <p className="mt-0.5 text-sm text-muted">
          {lastUsedAt ? (
            <>
              Last used <When at={lastUsedAt} />
            </>
          ) : (
            'Never used'
          )}
          {expiresAt && <Expiry at={expiresAt} />}
        </p>
      </div>
      <Button size="small" look="quiet" className="hover:text-danger" onClick={() => setAsking(true)}>
        Revoke<span className="sr-only"> {name}</span>
      </Button>
      {asking && <Revoke apiKey={apiKey} onRevoked={onRevoked} onClose={() => setAsking(false)} />}
    </li>
  )
}

function Expiry({ at }: { at: string }) {
  return (
    <>
      {' · expires '}
      <time dateTime={at}>{at.slice(0, 10)}</time>
    </>
  )
}

type RevokeProps = { apiKey: ApiKey; onRevoked: () => void; onClose: () => void }

function Revoke({ apiKey, onRevoked, onClose }: RevokeProps) {
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
      title="Revoke this key?"
      description={
        <>
          What uses “<bdi>{apiKey.name}</bdi>” is shut out at once, for good.
        </>
      }
    >
      {failure && <Notice className="mb-4">{failure}</Notice>}
      <div className="flex justify-end gap-3">
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" onClick={revoke} disabled={busy}>
          Revoke
        </Button>
      </div>
    </Dialog>
  )
}
