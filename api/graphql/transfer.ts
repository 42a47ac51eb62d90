import { internalId } from '../ids.ts'
import { countExported } from '../transfer/export.ts'
import { type ImportEntry, ImportJob } from '../transfer/import-job.entity.ts'
import { findImport, listImports } from '../transfer/imports.ts'
import { builder } from './builder.ts'

const ExportFormat = builder.enumType('ExportFormat', {
  description: 'As what conversations are exported.',
  values: {
    JSONL: {
      description:
        'One JSON value per line, with everything that a person can see, in every version: what `POST /import` takes again.',
    },
    MARKDOWN: {
      description: 'To be read by people: what is shown, without superseded messages. It cannot be imported.',
    },
  } as const,
})

const Export = builder.objectRef<{ path: string; conversations: number }>('Export').implement({
  description:
    'Where a file of conversations waits to be downloaded. It is made while it is read, so it is as of then.',
  fields: (t) => ({
    path: t.exposeString('path', {
      description: 'What to GET on this server, with the same credential: the file comes as a stream.',
    }),
    conversations: t.exposeInt('conversations', { description: 'How many conversations it has.' }),
  }),
})

const ImportStatus = builder.enumType('ImportStatus', {
  description: 'How far an import is.',
  values: {
    RUNNING: { description: 'The file is being read.' },
    DONE: { description: 'It was read to its end.' },
    FAILED: { description: 'It was not: `problem` says why. What was imported until then stays.' },
  } as const,
})

const ImportOutcome = builder.enumType('ImportOutcome', {
  description: 'What became of a conversation of the file.',
  values: {
    IMPORTED: { description: 'It is here now.' },
    PRESENT: { description: 'It was here already.' },
    SKIPPED: { description: 'It could not be read: `reason` says why.' },
  } as const,
})

const Entry = builder.objectRef<ImportEntry>('ImportEntry').implement({
  description: 'One conversation of an imported file.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its title, or where it stands in the file.' }),
    outcome: t.expose('outcome', { type: ImportOutcome, description: 'What became of it.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why it was skipped.' }),
    conversationId: t.exposeID('conversationId', { nullable: true, description: 'Where it is now: `conv_…`.' }),
  }),
})

builder.objectType(ImportJob, {
  name: 'Import',
  description:
    'The reading of a file that was sent to `POST /import`: a bundle of Parley, or the export of ChatGPT, Claude, LibreChat or Open WebUI. Ask for it again, once a second say, while it is RUNNING: `imported`, `present` and `skipped` together are how many of `total` were read.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'As `POST /import` gave it.' }),
    status: t.expose('status', {
      type: ImportStatus,
      description: 'RUNNING, until the file was read or could not be.',
    }),
    format: t.exposeString('format', {
      nullable: true,
      description: 'Which program wrote the file: `parley`, `chatgpt`, `claude`, `librechat` or `open-webui`.',
    }),
    problem: t.exposeString('problem', { nullable: true, description: 'Why the file was not read to its end.' }),
    total: t.exposeInt('total', {
      description: 'How many conversations the file seems to have; at the end, how many it had.',
    }),
    imported: t.exposeInt('imported', { description: 'How many of them are here now, thanks to this import.' }),
    present: t.exposeInt('present', { description: 'How many were here already.' }),
    skipped: t.exposeInt('skipped', {
      description: 'How many could not be read: the report says why. Of none of them is there a part.',
    }),
    report: t.field({
      type: [Entry],
      description: 'What became of each conversation; empty until the end.',
      resolve: ({ report }) => report ?? [],
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the file came.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it was read.' }),
  }),
})

builder.queryFields((t) => ({
  export: t.field({
    description:
      'Where to download one or all of your conversations; null when there is none with this id, or none of yours.',
    type: Export,
    nullable: true,
    args: {
      conversationId: t.arg.id({ description: 'Only this one: `conv_…`. Left out: all.' }),
      format: t.arg({
        type: ExportFormat,
        defaultValue: 'JSONL',
        description: 'JSONL to keep or move it, MARKDOWN to read it.',
      }),
    },
    resolve: async (_, { conversationId, format }, { em, viewer, loaders }) => {
      const path = `/export?format=${(format ?? 'JSONL').toLowerCase()}`
      if (conversationId == null) return { path, conversations: await countExported(em, viewer) }
      const id = internalId('conv', conversationId)
      if (id === null || !(await loaders.conversation.load(id))) return null
      return { path: `${path}&conversation=${conversationId}`, conversations: 1 }
    },
  }),
  import: t.field({
    description: 'One import, to see how far it is; null when there is none with this id, or none of yours.',
    type: ImportJob,
    nullable: true,
    args: { id: t.arg.id({ required: true, description: 'The import, as `POST /import` gave it.' }) },
    resolve: (_, { id }, { em, viewer }) => findImport(em, viewer, id),
  }),
  imports: t.field({
    description: 'Your newest imports, twenty at most.',
    type: [ImportJob],
    nullable: true,
    resolve: (_, __, { em, viewer }) => listImports(em, viewer),
  }),
}))
