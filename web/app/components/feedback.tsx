import { useTranslations } from 'use-intl'
import type { ChatMessage } from '~/conversation-state.ts'
import { type Feedback, useMessageActions } from '~/message-actions.ts'
import { buttonStyle } from './button.tsx'
import { ThumbDownIcon, ThumbUpIcon } from './icons.tsx'

const kinds = [
  { value: 'UP', words: 'good', Icon: ThumbUpIcon },
  { value: 'DOWN', words: 'bad', Icon: ThumbDownIcon },
] as const satisfies { value: Feedback; words: 'good' | 'bad'; Icon: unknown }[]

/** What the person thinks of an answer; the same again takes it back. */
export function FeedbackButtons({ message: { id, feedback } }: { message: ChatMessage }) {
  const actions = useMessageActions()
  const t = useTranslations('chat')
  if (!actions) return null
  return kinds.map(({ value, words, Icon }) => (
    <button
      key={value}
      type="button"
      aria-pressed={feedback === value}
      aria-label={t(words)}
      title={t(words)}
      onClick={() => void actions.rate(id, feedback === value ? null : value)}
      className={buttonStyle({ look: 'quiet', size: 'tiny', className: 'aria-pressed:text-link' })}
    >
      <Icon className="size-4.5" />
    </button>
  ))
}
