import { useState } from 'react'
import { Button } from './button.tsx'
import { type Decision, useToolDecision } from './tool-decision.ts'

/** A tool that changes things for good waits for a yes or a no. */
export function Approval({ toolCallId, title }: { toolCallId: string; title: string }) {
  const decide = useToolDecision()
  const [busy, setBusy] = useState(false)
  if (!decide) return null
  const say = async (decision: Decision, button: HTMLElement) => {
    // The buttons go with the decision: the card keeps the focus.
    button.closest('section')?.querySelector('summary')?.focus()
    setBusy(true)
    await decide(toolCallId, decision)
    setBusy(false)
  }
  return (
    <div className="flex flex-wrap items-center gap-2 border-t border-warn-line bg-warn-soft px-3.5 py-2.5">
      <p className="min-w-0 flex-1 basis-48 text-sm text-warn">This cannot be undone. May the assistant do it?</p>
      <Button
        size="small"
        onClick={(event) => say('DENY', event.currentTarget)}
        disabled={busy}
        aria-label={`Deny: ${title}`}
      >
        Deny
      </Button>
      <Button
        size="small"
        look="accent"
        onClick={(event) => say('APPROVE', event.currentTarget)}
        disabled={busy}
        aria-label={`Approve: ${title}`}
      >
        Approve
      </Button>
    </div>
  )
}
