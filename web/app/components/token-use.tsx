import { useTranslations } from 'use-intl'
import type { ChatMessage } from '~/conversation-state.ts'

type Usage = NonNullable<NonNullable<ChatMessage['run']>['usage']>

/** What the model read and wrote for an answer. */
export function TokenUse({ usage }: { usage: Usage }) {
  const { inputTokens, outputTokens } = usage
  const t = useTranslations('chat')
  return (
    <span className="ms-1.5 text-xs text-muted tabular-nums">
      {t('tokens', { read: inputTokens, written: outputTokens })}
    </span>
  )
}
