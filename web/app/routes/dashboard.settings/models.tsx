import { useTranslations } from 'use-intl'
import { useFrame } from '~/components/frame-context.ts'
import { chooseModel, useModel } from '~/model-choice.ts'
import { Choice } from './choice.tsx'
import { Card, Section } from './section.tsx'

/** Which model answers what is said from now on. */
export function Models() {
  const t = useTranslations('settings')
  const { models } = useFrame()
  const model = useModel(models)
  const offline = models[0] === 'offline'
  return (
    <Section id="models" title={t('model')} lead={offline ? t('noModel') : t('modelLead')}>
      <Card>
        <Choice
          legend={t('answersFrom')}
          value={model ?? ''}
          onChange={chooseModel}
          options={models.map((it, at) => ({
            value: it,
            label: it === 'offline' ? t('offline') : it,
            hint: at === 0 && models.length > 1 ? t('default') : undefined,
          }))}
        />
      </Card>
    </Section>
  )
}
