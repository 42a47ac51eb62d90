import { Fragment, memo } from 'react'
import { useTranslations } from 'use-intl'
import type { ChatMessage } from '~/conversation-state.ts'
import { CopyButton } from './copy-button.tsx'
import { FeedbackButtons } from './feedback.tsx'
import { FormAnswers } from './form-answers.tsx'
import { LogItem } from './log-item.tsx'
import { Markdown } from './markdown.tsx'
import { OwnMessage } from './own-message.tsx'
import { AssistantRow } from './thinking.tsx'
import { TokenUse } from './token-use.tsx'
import { ToolCard } from './tool-card.tsx'

type ChatMessageProps = {
  message: ChatMessage
  /** Whether another message of the same answer stands before it. */
  continued: boolean
  /** Whether the answer ends with it. */
  last: boolean
  /** Whether it was read from far back: then it is drawn when it comes near. */
  farBack?: boolean
}

/** One thing said. Drawn anew only when it changed. */
export const ChatMessageView = memo(function ChatMessageView({ message, continued, last, farBack }: ChatMessageProps) {
  const { id, role, content, toolCalls } = message
  return (
    <LogItem
      id={id}
      plain={farBack ? content : undefined}
      about={34 + 26 * Math.ceil(content.length / 85) + 90 * toolCalls.length}
      className={continued ? '-mt-4.5' : undefined}
    >
      {role === 'USER' ? (
        <OwnMessage message={message} />
      ) : (
        <Said message={message} continued={continued} last={last} />
      )}
    </LogItem>
  )
})

function Said({ message, continued, last }: ChatMessageProps) {
  const t = useTranslations('chat')
  const ending = endings[message.status]
  const shown = message.content !== '' || message.toolCalls.length > 0 || ending
  if (!shown) return null
  return (
    <AssistantRow first={!continued}>
      <div className="group/message space-y-3" data-message={message.id} data-status={message.status}>
        {message.content !== '' && <Markdown text={message.content} />}
        {message.toolCalls.map((call) => (
          <Fragment key={call.id}>
            <ToolCard call={call} />
            <FormAnswers call={call} />
          </Fragment>
        ))}
        {ending && <p className="text-sm text-muted italic">{t(ending)}</p>}
        {message.content !== '' && message.status !== 'STREAMING' && (
          <div className="-ms-2 -mt-1 -mb-5 flex items-center opacity-0 group-hover/message:opacity-100 focus-within:opacity-100 pointer-coarse:opacity-100">
            <CopyButton text={() => message.content} label={t('copyAnswer')} />
            <FeedbackButtons message={message} />
            {last && message.run?.usage && <TokenUse usage={message.run.usage} />}
          </div>
        )}
      </div>
    </AssistantRow>
  )
}

const endings: Partial<Record<ChatMessage['status'], 'stopped' | 'cutShort' | 'failed'>> = {
  STOPPED: 'stopped',
  INTERRUPTED: 'cutShort',
  FAILED: 'failed',
}
