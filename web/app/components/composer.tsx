import { type FormEvent, type KeyboardEvent, useEffect, useLayoutEffect, useRef } from 'react'
import { useDraft } from '~/drafts.ts'
import { buttonStyle } from './button.tsx'
import { cn } from './class-names.ts'
import { ArrowUpIcon, StopIcon } from './icons.tsx'

const maxBytes = 64 * 1024
const encoder = new TextEncoder()

type ComposerProps = {
  /** Where the text is kept until it is sent. */
  draftKey: string
  onSend: (text: string) => void
  /** Whether something else is on its way: one may write meanwhile. */
  disabled?: boolean
  onTyping?: () => void
  /** A text that comes back to be changed: goes before what is there. */
  takenBack?: string
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
  const written = text.trim() !== ''
  const sendable = written && excess <= 0 && !disabled
  useGrowing(input, text)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each text that comes back
  useEffect(() => {
    if (!takenBack) return
    setText(text ? `${takenBack}\n${text}` : takenBack)
    input.current?.focus()
  }, [takenBack])

  const send = () => {
    if (!sendable) return
    onSend(text)
    setText('')
    input.current?.focus()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // 229 is what some browsers say for the Enter that ends a composition, after isComposing is over.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return
    event.preventDefault()
    send()
  }
  return (
    <form onSubmit={submit}>
      <div className="flex items-end gap-2 rounded-3xl border border-field bg-raised p-2 shadow-card has-[textarea:focus-visible]:border-link has-[textarea:focus-visible]:ring-4 has-[textarea:focus-visible]:ring-accent-soft">
        <textarea
          ref={input}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            onTyping?.()
          }}
          onKeyDown={onKeyDown}
          rows={1}
          // biome-ignore lint/a11y/noAutofocus: the page is for writing here
          autoFocus={autoFocus}
          dir="auto"
          aria-label={label}
          aria-describedby={excess > 0 ? 'composer-note' : undefined}
          placeholder={placeholder}
          className="max-h-[40dvh] min-h-10 flex-1 resize-none bg-transparent px-3 py-2 text-base leading-6 outline-none"
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
            aria-label="Stop the answer"
            title="Stop the answer"
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
            aria-label="Send"
            title="Send"
            className={cn(
              buttonStyle({ look: 'accent', size: 'icon' }),
              'rounded-full aria-disabled:bg-sunken aria-disabled:text-muted aria-disabled:opacity-100',
            )}
          >
            <ArrowUpIcon strokeWidth="2.25" />
          </button>
        )}
      </div>
      {excess > 0 && (
        <p id="composer-note" role="alert" className="mt-2 px-4 text-sm text-danger">
          This is {Math.ceil(excess / 1024)} kB too long to send. Split it in two.
        </p>
      )}
    </form>
  )
}

// The server draws it too, where there is nothing to measure.
const useBeforePaint = typeof document === 'undefined' ? useEffect : useLayoutEffect

/** As high as its text, up to the limit that the style sets. */
function useGrowing(input: React.RefObject<HTMLTextAreaElement | null>, text: string) {
  useBeforePaint(() => {
    const area = input.current
    if (!area) return
    area.style.height = 'auto'
    area.style.height = `${area.scrollHeight}px`
    area.style.overflowY = area.scrollHeight > area.clientHeight ? 'auto' : 'hidden'
  }, [text, input])
}
