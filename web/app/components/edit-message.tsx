import { type FormEvent, type KeyboardEvent, useState } from 'react'
import { useTranslations } from 'use-intl'
import { type ChatMessage, isWaiting } from '~/conversation-state.ts'
import { read, write } from '~/drafts.ts'
import { Button } from './button.tsx'
import { inputStyle } from './field.tsx'

type EditMessageProps = {
  message: ChatMessage
  /** Where the change is kept until it is sent. */
  draftKey: string
  save: (messageId: string, text: string) => Promise<boolean>
  onClose: () => void
}

/** A message in the making again. What was answered to it is replaced by a new answer. */
export function EditMessage({ message, draftKey, save, onClose }: EditMessageProps) {
  const t = useTranslations()
  const [text, setText] = useState(() => read(draftKey) || message.content)
  const [busy, setBusy] = useState(false)
  const close = () => {
    write(draftKey, '')
    onClose()
  }
  const submit = async (event?: FormEvent) => {
    event?.preventDefault()
    if (text.trim() === '' || busy) return
    if (text === message.content) return close()
    setBusy(true)
    if (await save(message.id, text)) close()
    setBusy(false)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation()
      close()
    }
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return
    event.preventDefault()
    void submit()
  }
  return (
    <form onSubmit={submit} className="ms-auto w-full max-w-[85%] space-y-2">
      <textarea
        value={text}
        onChange={({ target }) => {
          setText(target.value)
          write(draftKey, target.value === message.content ? '' : target.value)
        }}
        onKeyDown={onKeyDown}
        rows={Math.min(12, text.split('\n').length + 1)}
        dir="auto"
        aria-label={t('chat.editMessage')}
        // biome-ignore lint/a11y/noAutofocus: one asked to edit it
        autoFocus
        className={`${inputStyle} block py-2.5 leading-relaxed`}
      />
      <div className="flex flex-wrap items-center justify-end gap-2">
        <p className="min-w-0 flex-1 basis-40 text-xs text-muted empty:hidden">
          {!isWaiting(message) && t('chat.answeredAnew')}
        </p>
        <span className="ms-auto flex gap-2">
          <Button size="small" look="quiet" onClick={close}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" size="small" look="accent" disabled={busy || text.trim() === ''}>
            {t('chat.send')}
          </Button>
        </span>
      </div>
    </form>
  )
}
