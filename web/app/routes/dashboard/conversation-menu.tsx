import { type FormEvent, useState } from 'react'
import { useTranslations } from 'use-intl'
import { mutate } from '~/api.ts'
import { Button, buttonStyle } from '~/components/button.tsx'
import { Dialog } from '~/components/dialog.tsx'
import { Field } from '~/components/field.tsx'
import { type ListedConversation, useFrame } from '~/components/frame-context.ts'
import { ArchiveIcon, DotsIcon, DownloadIcon, PencilIcon, PinIcon, TrashIcon } from '~/components/icons.tsx'
import { Menu, MenuItem } from '~/components/menu.tsx'
import { sentenceOf } from '~/failure.ts'
import { ChangeConversation } from './queries.ts'

type Props = { conversation: ListedConversation; className?: string; onFailure?: (sentence: string) => void }

/** What one can do with a conversation in a list. */
export function ConversationMenu({ conversation, className, onFailure }: Props) {
  const { note, remove } = useFrame()
  const [renaming, setRenaming] = useState(false)
  const t = useTranslations()
  const { id, title, pinnedAt, archivedAt } = conversation
  const change = async (change: { pinned?: boolean; archived?: boolean }) => {
    try {
      const { updateConversation } = await mutate(ChangeConversation, { input: { conversationId: id, ...change } })
      if (updateConversation) note(updateConversation.conversation)
    } catch (error) {
      onFailure?.(sentenceOf(error))
    }
  }
  return (
    <>
      <Menu
        trigger={
          <button
            type="button"
            data-again={id}
            aria-label={t('frame.options', { title })}
            className={buttonStyle({
              look: 'quiet',
              size: 'tiny',
              className,
            })}
          >
            <DotsIcon strokeWidth="3" />
          </button>
        }
      >
        <MenuItem onSelect={() => setRenaming(true)}>
          <PencilIcon className="text-muted" />
          {t('frame.rename')}
        </MenuItem>
        <MenuItem onSelect={() => void change({ pinned: !pinnedAt })}>
          <PinIcon className="text-muted" />
          {pinnedAt ? t('frame.unpin') : t('frame.pin')}
        </MenuItem>
        <MenuItem onSelect={() => void change({ archived: !archivedAt })}>
          <ArchiveIcon className="text-muted" />
          {archivedAt ? t('frame.bringBack') : t('frame.archive')}
        </MenuItem>
        {(['jsonl', 'markdown'] as const).map((format) => (
          <MenuItem key={format} asChild>
            <a href={`/export?format=${format}&conversation=${id}`} download>
              <DownloadIcon className="text-muted" />
              {format === 'jsonl' ? t('moving.exportOne') : t('moving.exportOneMarkdown')}
            </a>
          </MenuItem>
        ))}
        <MenuItem onSelect={() => remove(conversation)} className="text-danger">
          <TrashIcon />
          {t('common.delete')}
        </MenuItem>
      </Menu>
      {renaming && <Rename conversation={conversation} onClose={() => setRenaming(false)} />}
    </>
  )
}

function Rename({ conversation, onClose }: { conversation: ListedConversation; onClose: () => void }) {
  const { note } = useFrame()
  const { error, run, busy } = useAttempt()
  const t = useTranslations()
  const rename = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const title = String(new FormData(event.currentTarget).get('title')).trim()
    if (!title) return
    run(async () => {
      const { updateConversation } = await mutate(ChangeConversation, {
        input: { conversationId: conversation.id, title },
      })
      if (updateConversation) note(updateConversation.conversation)
      onClose()
    })
  }
  return (
    <Dialog open onOpenChange={onClose} title={t('frame.renameTitle')}>
      <form onSubmit={rename} className="space-y-5">
        <Field
          label={t('common.name')}
          name="title"
          defaultValue={conversation.title}
          maxLength={200}
          required
          error={error}
        />
        <div className="flex justify-end gap-3">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="accent" disabled={busy}>
            {t('frame.rename')}
          </Button>
        </div>
      </form>
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
