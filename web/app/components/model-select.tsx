import { useTranslations } from 'use-intl'
import { chooseModel, useModel } from '~/model-choice.ts'
import { useFrame } from './frame-context.ts'

/** Which model answers; not there where there is no choice. */
export function ModelSelect() {
  const { models } = useFrame()
  const t = useTranslations('chat')
  const model = useModel(models)
  if (models.length < 2) return null
  return (
    <label className="inline-flex max-w-full items-center gap-2 text-xs text-muted">
      {t('model')}
      <select
        value={model}
        onChange={(event) => chooseModel(event.target.value)}
        className="h-8 min-w-0 rounded-lg border border-line bg-raised px-2 text-xs text-ink"
      >
        {models.map((it) => (
          <option key={it}>{it}</option>
        ))}
      </select>
    </label>
  )
}
