import { useFormatter, useTranslations } from 'use-intl'
import { Button } from '~/components/button.tsx'
import { RefreshIcon } from '~/components/icons.tsx'
import { Notice } from '~/components/notice.tsx'
import { AssistantRow } from '~/components/thinking.tsx'
import { useToolTitle } from '~/components/tool-words.ts'
import { type ChatMessage, type ChatRun, isFinished } from '~/conversation-state.ts'
import { useLanguage } from '~/language.tsx'

/** What goes on while there is no text to read; null while there is. `busySeconds`: until the model is asked again. */
export function useActivityWords() {
  const t = useTranslations('chat')
  const toolTitle = useToolTitle()
  return (run: ChatRun, newest: ChatMessage, busySeconds = 0): string | null => {
    if (run.status === 'QUEUED') return t('waitsForTurn')
    if (run.status === 'AWAITING_APPROVAL') return t('waitsForApproval')
    if (busySeconds > 0) return t('modelBusy', { seconds: busySeconds })
    const atWork = newest.toolCalls.find(({ status }) => status === 'RUNNING')
    if (atWork) return toolTitle(atWork)
    return newest.role === 'ASSISTANT' && !isFinished(newest) && newest.content !== '' ? null : t('thinking')
  }
}

type OutcomeProps = { run: ChatRun; newest: ChatMessage | undefined; onAgain: () => void }

/** How the newest run ended, when that is worth a word. */
export function Outcome({ run, newest, onAgain }: OutcomeProps) {
  const t = useTranslations()
  const why = useRunError()
  if (run.status === 'STOPPED' && newest?.role === 'USER')
    return (
      <AssistantRow>
        <p className="text-sm text-muted italic">{t('chat.stopped')}</p>
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
              {t('common.tryAgain')}
            </Button>
          )
        }
      >
        {run.error ? why(run.error) : t('chat.wasCutShort')}
      </Notice>
    </AssistantRow>
  )
}

/** The server says why in English, and may say more than the code does; in other languages the code speaks. */
function useRunError() {
  const t = useTranslations('chat')
  const reasons = useTranslations('chat.runErrors')
  const language = useLanguage()
  const wait = useWait()
  return ({ code, message, retryable, waitSeconds }: NonNullable<ChatRun['error']>): string => {
    const said = code === 'MODEL_RATE_LIMITED' && !retryable ? 'MODEL_USED_UP' : code
    const key = said as Parameters<typeof reasons>[0]
    if (language === 'en' || !reasons.has(key)) return message
    const reason = reasons(key)
    return waitSeconds ? t('tryAgainIn', { reason, wait: wait(waitSeconds) }) : reason
  }
}

/** A time to wait as people say it: never too short. */
function useWait() {
  const format = useFormatter()
  return (seconds: number): string => {
    const [amount, unit] =
      seconds < 120 ? [seconds, 'second'] : seconds < 7_200 ? [seconds / 60, 'minute'] : [seconds / 3_600, 'hour']
    return format.number(Math.ceil(amount), { style: 'unit', unit, unitDisplay: 'long' })
  }
}

type AnnouncementProps = { activeRun: ChatRun | null; lastRun: ChatRun | null; busy: boolean }

/** For screen readers: how it stands, instead of every word as it comes. */
export function Announcement({ activeRun, lastRun, busy }: AnnouncementProps) {
  const t = useTranslations('chat.says')
  const ending = lastRun ? endings.find((it) => it === lastRun.status) : undefined
  if (activeRun && busy)
    return (
      <p role="status" className="sr-only">
        {t('busy')}
      </p>
    )
  return (
    <p role="status" className="sr-only">
      {activeRun ? t('answering') : ending ? t(ending) : ''}
    </p>
  )
}

const endings = ['COMPLETED', 'STOPPED', 'INTERRUPTED', 'FAILED'] as const
