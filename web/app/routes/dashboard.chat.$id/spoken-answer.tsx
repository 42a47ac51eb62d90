import { useEffect, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { type ChatMessage, isFinished } from '~/conversation-state.ts'
import { endOfSentences, spoken } from './sentences.ts'

/** As many as a screen reader may have to catch up with; it has heard those before. */
const kept = 4

/** For screen readers: the answer as it grows, sentence by sentence. What was there when the page opened is not read out. */
export function SpokenAnswer({ message }: { message: ChatMessage | undefined }) {
  const t = useTranslations('chat')
  const [said, setSaid] = useState<readonly { at: string; words: string }[]>([])
  const known = useRef<{ id: string; upTo: number } | null>(null)
  useEffect(() => {
    if (message?.role !== 'ASSISTANT') {
      known.current ??= { id: '', upTo: 0 }
      return
    }
    const { id, content } = message
    const first = known.current === null
    if (known.current?.id !== id || content.length < known.current.upTo)
      known.current = { id, upTo: first ? content.length : 0 }
    const { upTo } = known.current
    const end = isFinished(message) ? content.length : endOfSentences(content, upTo)
    known.current.upTo = end
    const words = spoken(content.slice(upTo, end), t('code'))
    if (words) setSaid((before) => [...before, { at: `${id}:${end}`, words }].slice(-kept))
  }, [message, t])
  return (
    <div aria-live="polite" className="sr-only" data-spoken="">
      {said.map(({ at, words }) => (
        <p key={at}>{words}</p>
      ))}
    </div>
  )
}
