import { Conversation } from '../conversations/conversation.entity.ts'
import { Message } from '../conversations/message.entity.ts'
import { publicId } from '../ids.ts'
import type { Usage } from '../runs/model.ts'
import { Run } from '../runs/run.entity.ts'
import type { RunFailure } from '../runs/run-failure.ts'
import { builder } from './builder.ts'
import { present, rowId } from './node.ts'

const RunStatus = builder.enumType('RunStatus', {
  description: 'How far a run is.',
  values: {
    QUEUED: { description: 'Waits for another run of its conversation to end.' },
    RUNNING: { description: 'The answer is being made.' },
    AWAITING_APPROVAL: { description: 'Waits for a person to allow a tool call.' },
    COMPLETED: { description: 'The answer is complete.' },
    STOPPED: { description: 'A person stopped it. The text so far is kept.' },
    FAILED: { description: 'No answer could be made: `error` says why.' },
    INTERRUPTED: { description: 'It ended too early: `error` says why. The text so far is kept.' },
  } as const,
})

const UsageType = builder.objectRef<Usage>('Usage').implement({
  description: 'What the model counted for this run, all turns together.',
  fields: (t) => ({
    inputTokens: t.exposeInt('inputTokens', { description: 'Tokens that the model read.' }),
    cachedInputTokens: t.exposeInt('cachedInputTokens', { description: 'Those of them that it had read before.' }),
    outputTokens: t.exposeInt('outputTokens', { description: 'Tokens that it wrote.' }),
    reasoningTokens: t.exposeInt('reasoningTokens', { description: 'Those of them that it thought and did not say.' }),
  }),
})

const RunErrorType = builder.objectRef<RunFailure>('RunError').implement({
  description: 'Why a run did not end well.',
  fields: (t) => ({
    code: t.exposeString('code', {
      description: 'For programs: MODEL_RATE_LIMITED, MODEL_STREAM_CUT, STEP_LIMIT … More may be added.',
    }),
    message: t.exposeString('message', { description: 'The same in a sentence, for people.' }),
    retryable: t.exposeBoolean('retryable', { description: 'Whether trying again makes sense.' }),
    waitSeconds: t.int({
      nullable: true,
      description:
        'For so many seconds, counted from `finishedAt` of the run, the model asks to be left alone. Null when it said nothing.',
      resolve: ({ waitSeconds }) => waitSeconds ?? null,
    }),
  }),
})

builder.objectType(Run, {
  name: 'Run',
  description: 'The making of one answer. It goes on when nobody listens and when the server that began it dies.',
  interfaces: [builder.nodeInterfaceRef()],
  isTypeOf: (value) => value instanceof Run,
  fields: (t) => ({
    id: t.id({ description: 'The id of the run: `run_…`.', resolve: (run) => publicId('run', run.id) }),
    conversation: t.field({
      type: Conversation,
      description: 'Where it answers.',
      resolve: async (run, _, { loaders }) => present('conv', await loaders.conversation.load(run.conversationId)),
    }),
    status: t.expose('status', {
      type: RunStatus,
      description: 'How far it is. COMPLETED, STOPPED, FAILED and INTERRUPTED are ends: nothing changes after them.',
    }),
    attempt: t.exposeInt('attempt', {
      description: '1, and one more for each server that was lost while it worked on this run.',
    }),
    model: t.exposeString('model', { description: 'The model that answers.' }),
    usage: t.expose('usage', { type: UsageType, nullable: true, description: 'Null when the model told nothing.' }),
    error: t.expose('failure', { type: RunErrorType, nullable: true, description: 'Why it did not end well.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was asked for.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When work on it began.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
    messages: t.field({
      type: [Message],
      description: 'What the assistant said in it: one message per turn, in order.',
      resolve: (run, _, { loaders }) => loaders.messages.load(run.id),
    }),
  }),
})

const WhenBusy = builder.enumType('WhenBusy', {
  description: 'What to do with a message when the conversation is still being answered.',
  values: {
    REJECT: { description: 'Refuse with RUN_ACTIVE.' },
    QUEUE: { description: 'Answer it when the current run has ended; at most ten wait, then RUN_ACTIVE.' },
    INTERRUPT: { description: 'Stop the current run, keep its text, answer this one next.' },
  } as const,
})

const keyText =
  '8 to 128 printable ASCII characters, made by you for this message. The same key again gives the first result again; with another body it is refused.'
const modelText = 'One of the models that the operator allows; the default one if left out.'
const againModelText =
  'One of the models that the operator allows. Left out: the one that was asked last, if it is still allowed, else the default one.'

builder.relayMutationField(
  'sendMessage',
  {
    description: 'What to say, and where.',
    inputFields: (t) => ({
      conversationId: t.id({ description: 'Where to say it: `conv_…`. Left out: a new conversation.' }),
      content: t.string({ required: true, description: 'Markdown, 1 byte to 64 KiB; may be empty beside files.' }),
      attachmentIds: t.idList({
        description: 'Files to send along, `att_…`: uploaded by `POST /attachments`, not sent before, at most ten.',
      }),
      idempotencyKey: t.string({ description: keyText }),
      whenBusy: t.field({
        type: WhenBusy,
        defaultValue: 'REJECT',
        description: 'What to do when an answer is still being made.',
      }),
      model: t.string({ description: modelText }),
      timeZone: t.string({
        description:
          'Where you are, as IANA names it: `Europe/Berlin`. The assistant is told what day it is there. Left out: as said last in this conversation, else UTC.',
      }),
    }),
  },
  {
    nullable: true,
    description:
      'Says something and has it answered. Returns as soon as message and run are stored: follow the answer with `runEvents` or `conversationEvents`, or read it when the run has ended.',
    resolve: (_, { input: { conversationId, attachmentIds, ...input } }, { em, viewer, runs }) =>
      runs.sendMessage(em, viewer, {
        conversationId: conversationId == null ? null : rowId('conv', conversationId),
        ...(attachmentIds && { attachmentIds: attachmentIds.map((id) => rowId('att', id)) }),
        ...input,
      }),
  },
  {
    description: 'What was stored.',
    outputFields: (t) => ({
      conversation: t.expose('conversation', { type: Conversation, description: 'Where it was said.' }),
      message: t.expose('message', { type: Message, description: 'What you said.' }),
      run: t.expose('run', { type: Run, description: 'The run that answers it.' }),
    }),
  },
)

builder.relayMutationField(
  'stopRun',
  {
    description: 'Which run to stop.',
    inputFields: (t) => ({
      runId: t.id({ required: true, description: 'The run: `run_…`.' }),
      takeBack: t.boolean({
        required: true,
        defaultValue: false,
        description:
          'Takes back the message too, while it still waits for its turn: nobody is shown it any more. CONFLICT, and nothing is stopped, when it waits no more.',
      }),
    }),
  },
  {
    nullable: true,
    description:
      'Stops an answer that is being made or waits. The text so far is kept. A run that has ended stays as it is.',
    resolve: (_, { input: { runId, ...input } }, { em, viewer, runs }) =>
      runs.stopRun(em, viewer, rowId('run', runId), input),
  },
  {
    description: 'What came of it.',
    outputFields: (t) => ({
      run: t.field({ type: Run, description: 'The run as it is now.', resolve: (run) => run }),
    }),
  },
)

builder.relayMutationField(
  'retryMessage',
  {
    description: 'Which message to answer again.',
    inputFields: (t) => ({
      messageId: t.id({ required: true, description: 'A message of yours: `msg_…`.' }),
      idempotencyKey: t.string({ description: keyText }),
      model: t.string({ description: againModelText }),
    }),
  },
  {
    nullable: true,
    description:
      'Answers a user message again; everything after it is superseded, not destroyed. RUN_ACTIVE while a run is being made.',
    resolve: (_, { input: { messageId, ...input } }, { em, viewer, runs }) =>
      runs.retryMessage(em, viewer, { messageId: rowId('msg', messageId), ...input }),
  },
  {
    description: 'What was begun.',
    outputFields: (t) => ({
      run: t.expose('run', { type: Run, description: 'The run that answers it.' }),
    }),
  },
)

builder.relayMutationField(
  'editMessage',
  {
    description: 'Which message to say anew, and how.',
    inputFields: (t) => ({
      messageId: t.id({ required: true, description: 'A message of yours: `msg_…`.' }),
      content: t.string({ required: true, description: 'Markdown, 1 byte to 64 KiB.' }),
      idempotencyKey: t.string({ description: keyText }),
      model: t.string({ description: againModelText }),
    }),
  },
  {
    nullable: true,
    description:
      'Says it anew: the new message comes newest, what it replaces and everything after that is superseded, and it is answered. RUN_ACTIVE while a run is being made. A message that still waits for its turn is replaced in the queue, and keeps its place.',
    resolve: (_, { input: { messageId, ...input } }, { em, viewer, runs }) =>
      runs.editMessage(em, viewer, { messageId: rowId('msg', messageId), ...input }),
  },
  {
    description: 'What was stored.',
    outputFields: (t) => ({
      message: t.expose('message', { type: Message, description: 'The new message.' }),
      run: t.expose('run', { type: Run, description: 'The run that answers it.' }),
    }),
  },
)
