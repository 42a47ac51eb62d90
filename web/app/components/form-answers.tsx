import { useTranslations } from 'use-intl'
import type { ChatToolCall } from '~/conversation-state.ts'
import { type FormQuestion, formOf } from './form-of-call.ts'

/** What the assistant asked in a form, and what the person answered there, in words. */
export function FormAnswers({ call }: { call: ChatToolCall }) {
  const t = useTranslations('chat.form')
  const questions = formOf(call)
  if (!questions || questions.length === 0) return null
  const waits = call.status === 'PENDING'
  return (
    <div className="rounded-xl border border-line bg-surface px-4 py-3 text-[0.9375rem]">
      <dl className="space-y-2.5">
        {questions.map((it) => (
          <div key={it.question}>
            <dt className="text-sm text-muted" dir="auto">
              {it.question}
            </dt>
            <dd dir="auto">{answerTo(it, waits) ?? <span className="text-muted italic">{t('skipped')}</span>}</dd>
          </div>
        ))}
      </dl>
      {waits && <p className="mt-3 border-t border-line pt-2.5 text-sm text-muted">{t('waits')}</p>}
    </div>
  )
}

/** While it waits, what there is to choose from. */
const answerTo = ({ options, values }: FormQuestion, waits: boolean): string | null =>
  waits ? options.join(' · ') : (values?.join(', ') ?? null)
