import { Button } from '~/components/button.tsx'
import { RefreshIcon } from '~/components/icons.tsx'
import { Notice } from '~/components/notice.tsx'
import { AssistantRow } from '~/components/thinking.tsx'
import { toolTitle } from '~/components/tool-words.ts'
import { type ChatMessage, type ChatRun, isFinished } from '~/conversation-state.ts'

/** What goes on while there is no text to read; null while there is. `busySeconds`: until the model is asked again. */
export function activityWords(run: ChatRun, newest: ChatMessage, busySeconds = 0): string | null {
  if (run.status === 'QUEUED') return 'Waiting for its turn'
  if (run.status === 'AWAITING_APPROVAL') return 'Waiting for your approval'
  if (busySeconds > 0) return `The model is busy. Asking again in ${busySeconds} s`
  const atWork = newest.toolCalls.find(({ status }) => status === 'RUNNING')
  if (atWork) return toolTitle(atWork)
  return newest.role === 'ASSISTANT' && !isFinished(newest) && newest.content !== '' ? null : 'Thinking'
}

type OutcomeProps = { run: ChatRun; newest: ChatMessage | undefined; onAgain: () => void }

/** How the newest run ended, when that is worth a word. */
export function Outcome({ run, newest, onAgain }: OutcomeProps) {
  if (run.status === 'STOPPED' && newest?.role === 'USER')
    return (
      <AssistantRow>
        <p className="text-sm text-muted italic">You stopped this answer.</p>
      </AssistantRow>
    )
  if (run.status !== 'FAILED' && run.status !== 'INTERRUPTED') return null
  const again = run.error?.retryable !== false
  return (
    <AssistantRow first={newest?.role === 'USER'}>
      <Notice
        tone={run.status === 'FAILED' ? 'danger' : 'warn'}
        action={
          again && (
            <Button size="small" onClick={onAgain}>
              <RefreshIcon className="size-4" />
              Try again
            </Button>
          )
        }
      >
        {run.error?.message ?? 'The answer was cut short.'}
      </Notice>
    </AssistantRow>
  )
}

type AnnouncementProps = { activeRun: ChatRun | null; lastRun: ChatRun | null; busy: boolean }

/** For screen readers: how it stands, instead of every word as it comes. */
export function Announcement({ activeRun, lastRun, busy }: AnnouncementProps) {
  if (activeRun && busy)
    return (
      <p role="status" className="sr-only">
        The model is busy. It is asked again soon.
      </p>
    )
  return (
    <p role="status" className="sr-only">
      {activeRun ? 'The assistant is answering.' : lastRun ? endings[lastRun.status] : ''}
    </p>
  )
}

const endings: Partial<Record<ChatRun['status'], string>> = {
  COMPLETED: 'The answer is complete.',
  STOPPED: 'The answer was stopped.',
  INTERRUPTED: 'The answer was cut short.',
  FAILED: 'The answer failed.',
}
