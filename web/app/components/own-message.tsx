import { useEffect, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { type ChatMessage, isWaiting } from '~/conversation-state.ts'
import { editDraftKey, read } from '~/drafts.ts'
import { useMessageActions } from '~/message-actions.ts'
import { Button, buttonStyle } from './button.tsx'
import { CopyButton } from './copy-button.tsx'
import { EditMessage } from './edit-message.tsx'
import { PencilIcon } from './icons.tsx'
import { MessageVersions } from './message-versions.tsx'
import { UserBubble } from './user-bubble.tsx'

/** What the person said, and what they can do about it. */
export function OwnMessage({ message }: { message: ChatMessage }) {
  const actions = useMessageActions()
  const t = useTranslations('chat')
  const [editing, setEditing] = useState(false)
  const [earlier, setEarlier] = useState<string | null>(null)
  const edit = useRef<HTMLButtonElement>(null)
  const wasEditing = useRef(false)
  // Focus comes back to where it left from.
  useEffect(() => {
    if (wasEditing.current && !editing) edit.current?.focus()
    wasEditing.current = editing
  }, [editing])
  // A change that was not sent, as when the page was closed meanwhile, goes on.
  const draftKey = actions && editDraftKey(actions.draftKey, message.id)
  useEffect(() => {
    if (draftKey && read(draftKey)) setEditing(true)
  }, [draftKey])
  if (editing && actions && draftKey)
    return <EditMessage message={message} draftKey={draftKey} save={actions.edit} onClose={() => setEditing(false)} />
  const waits = isWaiting(message)
  return (
    <UserBubble
      text={earlier ?? message.content}
      files={message.attachments}
      look={earlier !== null ? 'earlier' : waits ? 'waiting' : undefined}
    >
      {earlier !== null && <p className="max-w-[85%] text-end text-xs text-muted">{t('isEarlier')}</p>}
      {waits && actions && (
        <p className="flex flex-wrap items-center justify-end gap-x-1 text-xs text-muted">
          <span className="me-1">{t('waitsForTurn')}</span>
          <Button ref={edit} data-edit="" size="small" look="quiet" onClick={() => setEditing(true)}>
            {t('change')}
          </Button>
          <Button size="small" look="quiet" onClick={() => void actions.takeBack(message)}>
            {t('takeBack')}
          </Button>
        </p>
      )}
      {actions && !waits && (
        <div className="-mt-1.5 -me-1 -mb-6 flex items-center opacity-0 group-hover/own:opacity-100 focus-within:opacity-100 has-[[data-versions]]:opacity-100 pointer-coarse:opacity-100">
          {message.replaces && <MessageVersions messageId={message.id} onShow={setEarlier} />}
          {message.content && <CopyButton text={() => earlier ?? message.content} label={t('copyMessage')} />}
          {actions.idle && message.content && (
            <button
              ref={edit}
              type="button"
              data-edit=""
              onClick={() => setEditing(true)}
              aria-label={t('editMessage')}
              title={t('editMessage')}
              className={buttonStyle({ look: 'quiet', size: 'tiny' })}
            >
              <PencilIcon className="size-4.5" />
            </button>
          )}
        </div>
      )}
    </UserBubble>
  )
}
