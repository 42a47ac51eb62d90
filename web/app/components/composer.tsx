import { type ClipboardEvent, type FormEvent, type KeyboardEvent, useEffect, useLayoutEffect, useRef } from 'react'
import { useTranslations } from 'use-intl'
import { useDraft } from '~/drafts.ts'
import { attachable, type UploadedFile } from '~/upload.ts'
import { useFiles } from '~/use-files.ts'
import { buttonStyle } from './button.tsx'
import { cn } from './class-names.ts'
import { DraftFiles } from './draft-files.tsx'
import { useFileDrop } from './file-drop.ts'
import { ArrowUpIcon, ClipIcon, StopIcon } from './icons.tsx'

const maxBytes = 64 * 1024
const encoder = new TextEncoder()

export type Draft = { text: string; files: readonly UploadedFile[] }

type ComposerProps = {
  /** Where the text is kept until it is sent. */
  draftKey: string
  onSend: (text: string, files: readonly UploadedFile[]) => void
  /** Whether something else is on its way: one may write meanwhile. */
  disabled?: boolean
  onTyping?: () => void
  /** What comes back to be changed: goes before what is there. */
  takenBack?: Draft | null
  /** Given while an answer is written: what is sent meanwhile waits for its turn. */
  onStop?: () => void
  stopping?: boolean
  autoFocus?: boolean
  label: string
  placeholder: string
}

/** Where one writes. Enter sends, Shift + Enter makes a line; an input method's Enter does neither. */
export function Composer(props: ComposerProps) {
  const { draftKey, onSend, disabled, onTyping, takenBack, onStop, stopping, autoFocus, label, placeholder } = props
  const input = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useDraft(draftKey, input)
  const excess = text.length * 3 > maxBytes ? encoder.encode(text).length - maxBytes : 0
  const files = useFiles(draftKey)
  const t = useTranslations('files')
  const words = useTranslations('chat')
  const dropping = useFileDrop(files.add)
  const chooser = useRef<HTMLInputElement>(null)
  const written = text.trim() !== '' || files.files.length > 0
  const sendable = written && files.ready && excess <= 0 && !disabled
  useGrowing(input, text)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each text that comes back
  useEffect(() => {
    if (!takenBack) return
    setText([takenBack.text, text].filter(Boolean).join('\n'))
    if (takenBack.files.length > 0) files.replace(takenBack.files)
    input.current?.focus()
  }, [takenBack])

  const send = () => {
    if (!sendable) return
    onSend(
      text,
      files.files.flatMap(({ uploaded }) => uploaded ?? []),
    )
    setText('')
    files.replace([])
    input.current?.focus()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowUp' && text === '' && !event.shiftKey && !event.altKey) editLast(event)
    // 229 is what some browsers say for the Enter that ends a composition, after isComposing is over.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return
    event.preventDefault()
    send()
  }
  /** A picture that was copied. Beside text it is most often a picture of that text. */
  const onPaste = ({ clipboardData }: ClipboardEvent) => {
    const pasted = [...clipboardData.files]
    if (pasted.length > 0 && !clipboardData.types.includes('text/plain')) files.add(pasted)
  }
  return (
    <form onSubmit={submit} data-dropping={dropping || undefined}>
      <div className="rounded-3xl border border-field bg-raised p-2 shadow-card has-[textarea:focus-visible]:border-link has-[textarea:focus-visible]:ring-4 has-[textarea:focus-visible]:ring-accent-soft in-data-dropping:border-link in-data-dropping:bg-accent-soft">
        {dropping && <p className="px-3 pt-1 pb-2 text-sm">{t('drop')}</p>}
        <DraftFiles
          files={files.files}
          onRemove={(key) => {
            files.remove(key)
            input.current?.focus()
          }}
        />
        <div className="flex items-end gap-2">
          <input
            ref={chooser}
            type="file"
            multiple
            hidden
            accept={attachable}
            onChange={({ target }) => {
              files.add([...(target.files ?? [])])
              target.value = ''
              input.current?.focus()
            }}
          />
          <button
            type="button"
            onClick={() => chooser.current?.click()}
            aria-label={t('attach')}
            title={t('attach')}
            className={buttonStyle({ look: 'quiet', size: 'icon', className: 'rounded-full' })}
          >
            <ClipIcon />
          </button>
          <textarea
            ref={input}
            data-home=""
            value={text}
            onChange={(event) => {
              setText(event.target.value)
              onTyping?.()
            }}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
            rows={1}
            // biome-ignore lint/a11y/noAutofocus: the page is for writing here
            autoFocus={autoFocus}
            dir="auto"
            aria-label={label}
            aria-describedby={excess > 0 ? 'composer-note' : undefined}
            placeholder={placeholder}
            className="field-sizing-content max-h-[40dvh] min-h-10 min-w-0 flex-1 resize-none bg-transparent px-1 py-2 text-base leading-6 outline-none placeholder:overflow-hidden placeholder:text-nowrap placeholder:text-ellipsis"
          />
          {onStop && (
            <button
              key="stop"
              type="button"
              onClick={(event) => {
                onStop()
                // By key: the button goes, the focus stays here. By finger it would call the keyboard up.
                if (event.detail === 0) input.current?.focus()
              }}
              disabled={stopping}
              aria-label={words('stopAnswer')}
              title={words('stopAnswer')}
              className={cn(buttonStyle({ look: 'outline', size: 'icon' }), 'rounded-full shadow-none')}
            >
              <StopIcon />
            </button>
          )}
          {(!onStop || written) && (
            <button
              key="send"
              type="submit"
              aria-disabled={!sendable}
              aria-label={words('send')}
              title={words('send')}
              className={cn(
                buttonStyle({ look: 'accent', size: 'icon' }),
                'rounded-full aria-disabled:bg-sunken aria-disabled:text-muted aria-disabled:opacity-100',
              )}
            >
              <ArrowUpIcon strokeWidth="2.25" />
            </button>
          )}
        </div>
      </div>
      {(files.failure || (text.trim() !== '' && !files.ready)) && (
        <p role="alert" className={cn('mt-2 px-4 text-sm', files.failure ? 'text-danger' : 'text-muted')}>
          {files.failure ?? t('onTheWay')}
        </p>
      )}
      {excess > 0 && (
        <p id="composer-note" role="alert" className="mt-2 px-4 text-sm text-danger">
          {words('tooLong', { excess: Math.ceil(excess / 1024), parts: Math.ceil(excess / maxBytes) + 1 })}
        </p>
      )}
    </form>
  )
}

/** Opens what was said last for a change, as far as it may be changed. */
function editLast(event: KeyboardEvent): void {
  const buttons = document.querySelectorAll<HTMLButtonElement>('[role=log] button[data-edit]')
  if (buttons.length === 0) return
  event.preventDefault()
  buttons[buttons.length - 1]?.click()
}

// The server draws it too, where there is nothing to measure.
const useBeforePaint = typeof document === 'undefined' ? useEffect : useLayoutEffect

/** As high as its text, up to the limit that the style sets. */
function useGrowing(input: React.RefObject<HTMLTextAreaElement | null>, text: string) {
  useBeforePaint(() => {
    const area = input.current
    // Where the style does it (`field-sizing`) nothing is measured at every key.
    if (!area || CSS.supports('field-sizing', 'content')) return
    area.style.height = 'auto'
    area.style.height = `${area.scrollHeight}px`
    area.style.overflowY = area.scrollHeight > area.clientHeight ? 'auto' : 'hidden'
  }, [text, input])
}
