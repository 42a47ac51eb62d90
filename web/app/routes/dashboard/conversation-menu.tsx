import { useNavigate, useParams } from '@remix-run/react'
import { type FormEvent, useState } from 'react'
import { mutate } from '~/api.ts'
import { Button, buttonStyle } from '~/components/button.tsx'
import { Dialog } from '~/components/dialog.tsx'
import { Field } from '~/components/field.tsx'
import { type ListedConversation, useFrame } from '~/components/frame-context.ts'
import { DotsIcon, PencilIcon, TrashIcon } from '~/components/icons.tsx'
import { Menu, MenuItem } from '~/components/menu.tsx'
import { Notice } from '~/components/notice.tsx'
import { sentenceOf } from '~/failure.ts'
import { RemoveConversation, RenameConversation } from './queries.ts'

type Props = { conversation: ListedConversation; onBusy: (busy: boolean) => void }

/** What one can do with a conversation in the list. */
export function ConversationMenu({ conversation, onBusy }: Props) {
  const [asking, setAsking] = useState<'rename' | 'remove' | null>(null)
  const close = () => setAsking(null)
  return (
    <>
      <Menu
        trigger={
          <button
            type="button"
            aria-label={`Options for ${conversation.title}`}
            className={buttonStyle({
              look: 'quiet',
              size: 'tiny',
              className:
                'absolute top-0.5 right-1 opacity-0 group-hover:opacity-100 focus-visible:opacity-100 data-[state=open]:opacity-100 pointer-coarse:opacity-100',
            })}
          >
            <DotsIcon strokeWidth="3" />
          </button>
        }
      >
        <MenuItem onSelect={() => setAsking('rename')}>
          <PencilIcon className="text-muted" />
          Rename
        </MenuItem>
        <MenuItem onSelect={() => setAsking('remove')} className="text-danger">
          <TrashIcon />
          Delete
        </MenuItem>
      </Menu>
      {asking === 'rename' && <Rename conversation={conversation} onClose={close} />}
      {asking === 'remove' && <Remove conversation={conversation} onClose={close} onBusy={onBusy} />}
    </>
  )
}

function Rename({ conversation, onClose }: { conversation: ListedConversation; onClose: () => void }) {
  const { note } = useFrame()
  const { error, run, busy } = useAttempt()
  const rename = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const title = String(new FormData(event.currentTarget).get('title')).trim()
    if (!title) return
    run(async () => {
      const { updateConversation } = await mutate(RenameConversation, {
        input: { conversationId: conversation.id, title },
      })
      if (updateConversation) note(updateConversation.conversation)
      onClose()
    })
  }
  return (
    <Dialog open onOpenChange={onClose} title="Rename the conversation">
      <form onSubmit={rename} className="space-y-5">
        <Field label="Name" name="title" defaultValue={conversation.title} maxLength={200} required error={error} />
        <div className="flex justify-end gap-3">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="accent" disabled={busy}>
            Rename
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Remove({ conversation, onClose, onBusy }: Props & { onClose: () => void }) {
  const { forget } = useFrame()
  const { id } = useParams()
  const navigate = useNavigate()
  const { error, run, busy } = useAttempt()
  const remove = () =>
    run(async () => {
      onBusy(true)
      try {
        await mutate(RemoveConversation, { input: { conversationId: conversation.id } })
        if (id === conversation.id) navigate('/dashboard/chat', { replace: true })
        forget(conversation.id)
        onClose()
      } finally {
        onBusy(false)
      }
    })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Delete this conversation?"
      description={
        <>
          “<bdi>{conversation.title}</bdi>” and everything said in it will be gone for good. Your tasks stay.
        </>
      }
    >
      {error && <Notice className="mb-4">{error}</Notice>}
      <div className="flex justify-end gap-3">
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" onClick={remove} disabled={busy}>
          Delete
        </Button>
      </div>
    </Dialog>
  )
}

function useAttempt() {
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const run = (work: () => Promise<void>) => {
    setBusy(true)
    setError(undefined)
    work()
      .catch((reason: unknown) => setError(sentenceOf(reason)))
      .finally(() => setBusy(false))
  }
  return { error, busy, run }
}
