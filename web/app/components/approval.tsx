import { useEffect, useId, useState } from 'react'
import { useTranslations } from 'use-intl'
import { Button } from './button.tsx'
import { Field, inputStyle } from './field.tsx'
import { type Decision, useToolDecision } from './tool-decision.ts'

type ApprovalProps = {
  toolCallId: string
  title: string
  subject: string | null
  args: unknown
  /** Told whether it is going to be called with something else: then what was known of it does not count. */
  onChanged: (changed: boolean) => void
}

/** A tool that changes things for good waits for a yes or a no. */
export function Approval({ toolCallId, title, subject, args, onChanged }: ApprovalProps) {
  const t = useTranslations('tools')
  const decide = useToolDecision()
  const [busy, setBusy] = useState(false)
  const [open, setOpen] = useState(false)
  const [text, setText] = useState(() => JSON.stringify(args, null, 2))
  const [reason, setReason] = useState('')
  const changed = open && text !== JSON.stringify(args, null, 2)
  useEffect(() => {
    onChanged(changed)
    return () => onChanged(false)
  }, [changed, onChanged])
  if (!decide) return null
  const edited = changed ? objectIn(text) : undefined
  const say = async (decision: Decision, button: HTMLElement) => {
    // The buttons go with the decision: the card keeps the focus.
    button.closest('article')?.querySelector('summary')?.focus()
    setBusy(true)
    await decide(toolCallId, decision, decision === 'APPROVE' ? { args: edited } : { reason: reason.trim() })
    setBusy(false)
  }
  return (
    <div className="space-y-3 border-t border-warn-line bg-warn-soft px-3.5 py-2.5">
      {open && <Details text={text} onText={setText} wrong={edited === null} reason={reason} onReason={setReason} />}
      <div className="flex flex-wrap items-center gap-2">
        <div className="min-w-0 flex-1 basis-48 text-sm text-warn">
          {subject && !changed && (
            <p className="font-medium wrap-anywhere">
              {t.rich('asks', { title, subject: () => <bdi key="subject">{subject}</bdi> })}
            </p>
          )}
          <p>
            {t('ask')} {t('forGood')}
          </p>
        </div>
        <span className="ms-auto flex gap-2">
          <Button
            size="small"
            look="quiet"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            aria-label={t(open ? 'lessOfTool' : 'changeTool', { title })}
          >
            {t(open ? 'less' : 'change')}
          </Button>
          <Button
            size="small"
            onClick={(event) => say('DENY', event.currentTarget)}
            disabled={busy}
            aria-label={t('denyTool', { title })}
          >
            {t('deny')}
          </Button>
          <Button
            size="small"
            look="accent"
            onClick={(event) => say('APPROVE', event.currentTarget)}
            disabled={busy || edited === null}
            aria-label={t('approveTool', { title })}
          >
            {t('approve')}
          </Button>
        </span>
      </div>
    </div>
  )
}

type DetailsProps = {
  text: string
  onText: (text: string) => void
  wrong: boolean
  reason: string
  onReason: (reason: string) => void
}

/** What it is called with instead, or what the assistant is told when it may not. */
function Details({ text, onText, wrong, reason, onReason }: DetailsProps) {
  const t = useTranslations('tools')
  const id = useId()
  return (
    <div className="space-y-3">
      <div className="space-y-1.5">
        <label htmlFor={id} className="block text-sm font-medium">
          {t('callWith')}
        </label>
        <textarea
          id={id}
          value={text}
          onChange={(event) => onText(event.target.value)}
          spellCheck={false}
          rows={Math.min(10, text.split('\n').length + 1)}
          aria-invalid={wrong || undefined}
          aria-describedby={wrong ? `${id}-note` : undefined}
          className={`${inputStyle} block py-2 font-mono text-sm leading-6`}
        />
        {wrong && (
          <p id={`${id}-note`} role="alert" className="text-sm text-danger">
            {t('noObject')}
          </p>
        )}
      </div>
      <Field
        label={t('why')}
        value={reason}
        onChange={(event) => onReason(event.target.value)}
        maxLength={1000}
        placeholder={t('whyHint')}
      />
    </div>
  )
}

function objectIn(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
