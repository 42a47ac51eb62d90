import { useFrame } from '~/components/frame-context.ts'
import { chooseModel, useModel } from '~/model-choice.ts'
import { Choice } from './choice.tsx'
import { Card, Section } from './section.tsx'

/** Which model answers what is said from now on. */
export function Models() {
  const { models } = useFrame()
  const model = useModel(models)
  const offline = models[0] === 'offline'
  return (
    <Section
      id="models"
      title="Model"
      lead={
        offline
          ? 'No model is connected: a small built-in program answers. Whoever runs Parley sets OPENAI_API_KEY or OPENAI_BASE_URL to connect one.'
          : 'Who answers what you say from now on. Kept in this browser.'
      }
    >
      <Card>
        <Choice
          legend="Answers come from"
          value={model ?? ''}
          onChange={chooseModel}
          options={models.map((it, at) => ({
            value: it,
            label: it === 'offline' ? 'Offline assistant' : it,
            hint: at === 0 && models.length > 1 ? 'The default' : undefined,
          }))}
        />
      </Card>
    </Section>
  )
}
