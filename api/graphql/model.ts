import { builder } from './builder.ts'

builder.queryField('models', (t) =>
  t.stringList({
    description:
      'The models that may answer, the default one first: for `model` of what begins a run. `offline` is the small program that answers when none is connected.',
    nullable: true,
    resolve: (_, __, { runs }) => [...runs.models],
  }),
)

builder.queryField('dictation', (t) =>
  t.boolean({
    description: 'Whether people may dictate here: whether the ChatKit request `input.transcribe` is answered.',
    resolve: (_, __, { runs }) => runs.takesDictation,
  }),
)
