import { type FormEvent, useState } from 'react'
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
  const [key, setKey] = useState<string | null>(null)
  if (key !== null) return <Made apiKey={key} onClose={onClose} />
  return (
    <Dialog open onOpenChange={onClose} title="New API key">
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
const scopes = [
  ['conversations:read', 'Read and search conversations'],
  ['conversations:write', 'Write messages; name and delete conversations'],
  ['runs:write', 'Have messages answered, allow tools'],
  ['tasks:read', 'Read tasks'],
  ['tasks:write', 'Change tasks'],
] as const

const lifetimes = [7, 30, 90, 365] as const

type KeyFormProps = { onMade: (key: ApiKey, text: string) => void; onClose: () => void }

function KeyForm({ onMade, onClose }: KeyFormProps) {
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const make = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const name = String(data.get('name')).trim()
    const wanted = data.getAll('scope').map(String)
    if (wanted.length === 0) return setFailure('Tick at least one thing that the key may do.')
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
      <Field label="Name" name="name" required maxLength={100} autoComplete="off" placeholder="Nightly report" />
      <fieldset>
        <legend className="mb-1 text-sm font-medium">It may</legend>
        {scopes.map(([scope, words]) => (
          <label key={scope} className="flex min-h-9 items-center gap-2.5 text-sm">
            <input type="checkbox" name="scope" value={scope} className="size-4.5 shrink-0 accent-link" />
            {words}
          </label>
        ))}
      </fieldset>
      <label className="block space-y-1.5 text-sm font-medium">
        <span className="block">Expires in</span>
        <select name="days" defaultValue="90" className={`${inputStyle} h-11 font-normal`}>
          {lifetimes.map((days) => (
            <option key={days} value={days}>
              {days === 365 ? 'One year' : `${days} days`}
            </option>
          ))}
        </select>
      </label>
      {failure && <Notice urgent>{failure}</Notice>}
      <div className="flex justify-end gap-3">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="accent" disabled={busy}>
          Make the key
        </Button>
      </div>
    </form>
  )
}

function Made({ apiKey, onClose }: { apiKey: string; onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Your new key"
      description="Copy it now: it is shown this once, and kept nowhere in readable form."
    >
      <div className="flex items-center gap-2 rounded-xl border border-line bg-sunken p-2 ps-3.5">
        <code data-key="" className="min-w-0 flex-1 font-mono text-sm wrap-anywhere">
          {apiKey}
        </code>
        <CopyButton text={() => apiKey} label="Copy the key" />
      </div>
      <div className="mt-5 flex justify-end">
        <Button look="accent" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  )
}
