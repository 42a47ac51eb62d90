import { useTranslations } from 'use-intl'
import type { Outgoing } from '~/use-sending.ts'
import { Button } from './button.tsx'
import { LogItem } from './log-item.tsx'
import { Notice } from './notice.tsx'
import { AssistantRow, Thinking } from './thinking.tsx'
import { UserBubble } from './user-bubble.tsx'

type OutgoingMessageProps = { outgoing: Outgoing; onAgain: () => void; onTakeBack: () => void }

/** A message that the server has not confirmed yet. */
export function OutgoingMessage({ outgoing, onAgain, onTakeBack }: OutgoingMessageProps) {
  const t = useTranslations()
  return (
    <>
      <LogItem>
        <UserBubble text={outgoing.text} files={outgoing.files}>
          {outgoing.failure && (
            <Notice
              urgent
              className="max-w-[85%]"
              action={
                <span className="flex gap-2">
                  <Button size="small" onClick={onAgain}>
                    {t('common.tryAgain')}
                  </Button>
                  <Button size="small" look="quiet" onClick={onTakeBack}>
                    {t('common.edit')}
                  </Button>
                </span>
              }
            >
              {outgoing.failure.sentence}
            </Notice>
          )}
        </UserBubble>
      </LogItem>
      {!outgoing.failure && (
        <LogItem>
          <AssistantRow>
            <Thinking words={t('chat.sending')} />
          </AssistantRow>
        </LogItem>
      )}
    </>
  )
}
