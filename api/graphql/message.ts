import { Attachment } from '../conversations/attachment.entity.ts'
import { Conversation } from '../conversations/conversation.entity.ts'
import { rateMessage } from '../conversations/feedback.ts'
import { Message } from '../conversations/message.entity.ts'
import { publicId } from '../ids.ts'
import { Run } from '../runs/run.entity.ts'
import { ToolCall } from '../runs/tool-call.entity.ts'
import { builder } from './builder.ts'
import { present, rowId } from './node.ts'

const MessageRole = builder.enumType('MessageRole', {
  description: 'Who said it.',
  values: {
    USER: { description: 'The person.' },
    ASSISTANT: { description: 'The assistant, in one turn of a run.' },
    SYSTEM: { description: 'Instructions. Only from imports.' },
  } as const,
})

const MessageStatus = builder.enumType('MessageStatus', {
  description: 'Whether a message is finished, and how it ended.',
  values: {
    STREAMING: { description: 'Being written.' },
    COMPLETE: { description: 'Said to the end.' },
    STOPPED: { description: 'A person stopped it. The text so far is kept.' },
    INTERRUPTED: { description: 'The model, a limit or the network ended it. The text so far is kept.' },
    FAILED: { description: 'Nothing came of it: `run { error }` says why.' },
  } as const,
})

const Feedback = builder.enumType('Feedback', {
  description: 'What the person thought of an answer.',
  values: { UP: { description: 'Helpful.' }, DOWN: { description: 'Not helpful.' } } as const,
})

builder.objectType(Message, {
  name: 'Message',
  description: 'One thing said: by the user, or by the assistant in one turn of a run.',
  interfaces: [builder.nodeInterfaceRef()],
  isTypeOf: (value) => value instanceof Message,
  fields: (t) => ({
    id: t.id({ description: 'The id of the message: `msg_…`.', resolve: (message) => publicId('msg', message.id) }),
    conversation: t.field({
      type: Conversation,
      description: 'Where it was said.',
      resolve: async (message, _, { loaders }) =>
        present('conv', await loaders.conversation.load(message.conversationId)),
    }),
    sequence: t.exposeInt('sequence', {
      description: 'Position in the conversation: only grows, may have gaps. Sort by this, not by time.',
    }),
    role: t.expose('role', { type: MessageRole, description: 'Who said it.' }),
    content: t.string({
      description:
        'Markdown. Empty while STREAMING (the text is then in the deltas alone), and for an assistant turn that did nothing but call tools.',
      resolve: (message) => (message.status === 'STREAMING' ? '' : message.content),
    }),
    status: t.expose('status', { type: MessageStatus, description: 'Whether it is finished, and how it ended.' }),
    toolCalls: t.field({
      type: [ToolCall],
      description: 'What the assistant called in this turn, in order. They appear when the turn is complete.',
      resolve: (message, _, { loaders }) => (message.status === 'STREAMING' ? [] : loaders.toolCalls.load(message.id)),
    }),
    attachments: t.field({
      type: [Attachment],
      description: 'The files that were sent with it, in order.',
      resolve: (message, _, { loaders }) => (message.role === 'USER' ? loaders.attachments.load(message.id) : []),
    }),
    run: t.field({
      type: Run,
      nullable: true,
      description: 'The run that made it; for a user message the newest run that answers it.',
      resolve: (message, _, { loaders }) =>
        message.role === 'USER'
          ? loaders.answer.load(message.id)
          : message.runId == null
            ? null
            : loaders.run.load(message.runId),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was said.' }),
    supersededAt: t.expose('supersededAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Set when an edit or a retry replaced it. Such messages are listed only when asked for.',
    }),
    replaces: t.field({
      type: Message,
      nullable: true,
      description: 'The earlier version that this one took the place of, by edit or retry.',
      resolve: (message, _, { loaders }) =>
        message.replacesId == null ? null : loaders.message.load(message.replacesId),
    }),
    feedback: t.expose('feedback', {
      type: Feedback,
      nullable: true,
      description: 'What the person thought of it; null while they have not said.',
    }),
  }),
})

builder.relayMutationField(
  'rateMessage',
  {
    description: 'Which answer, and what the person thought of it.',
    inputFields: (t) => ({
      messageId: t.id({ required: true, description: 'A message of the assistant: `msg_…`.' }),
      feedback: t.field({ type: Feedback, description: 'UP or DOWN; null takes an earlier rating back.' }),
    }),
  },
  {
    nullable: true,
    description: 'Rates an answer.',
    resolve: (_, { input: { messageId, feedback } }, { em, viewer, bell }) =>
      rateMessage(em, viewer, bell, rowId('msg', messageId), feedback),
  },
  {
    description: 'What came of it.',
    outputFields: (t) => ({
      message: t.field({ type: Message, description: 'The message as it is now.', resolve: (message) => message }),
    }),
  },
)
