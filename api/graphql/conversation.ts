import { Conversation } from '../conversations/conversation.entity.ts'
import {
  countConversations,
  createConversation,
  listConversations,
  listMessages,
  ownConversation,
  updateConversation,
} from '../conversations/conversations.ts'
import { Message } from '../conversations/message.entity.ts'
import { internalId, publicId } from '../ids.ts'
import { eventCursor } from '../runs/cursor.ts'
import { idempotent } from '../runs/idempotency.ts'
import { listRuns } from '../runs/reading.ts'
import { Run } from '../runs/run.entity.ts'
import { builder } from './builder.ts'
import { connection, emptyPage } from './connection.ts'
import { rowId } from './node.ts'

builder.objectType(Conversation, {
  name: 'Conversation',
  description: 'What you open, name and delete: messages in order, and the runs that answer them.',
  interfaces: [builder.nodeInterfaceRef()],
  isTypeOf: (value) => value instanceof Conversation,
  fields: (t) => ({
    id: t.id({ description: 'The id of the conversation: `conv_…`.', resolve: (it) => publicId('conv', it.id) }),
    title: t.exposeString('title', {
      description:
        '1 to 200 characters. Set from the first exchange unless the user named it; a name given by the user is never overwritten.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was begun.' }),
    updatedAt: t.expose('updatedAt', {
      type: 'DateTime',
      description: 'Moves when something is said or the title changes; not by pin or archive.',
    }),
    archivedAt: t.expose('archivedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was put away; null while it is in the list.',
    }),
    pinnedAt: t.expose('pinnedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was pinned to the top of the list.',
    }),
    messages: t.connection(
      {
        description:
          'In the order in which things were said: `last: 20` are the newest. Superseded messages (after an edit or a retry) only when asked for.',
        type: Message,
        args: {
          includeSuperseded: t.arg.boolean({
            defaultValue: false,
            description: 'Also what an edit or a retry has replaced.',
          }),
        },
        resolve: async (
          { id },
          { includeSuperseded: asked, after, before, ...size },
          { em, viewer, loaders, limits },
        ) => {
          const includeSuperseded = asked ?? false
          const page =
            after == null && before == null
              ? await loaders.messagePage.load({ id, includeSuperseded, ...size })
              : await listMessages(em, viewer, id, { after, before, ...size, limits }, includeSuperseded)
          return connection(
            page ?? emptyPage,
            async () => (await loaders.messageCount.load({ id, includeSuperseded })) ?? 0,
          )
        },
      },
      { name: 'MessageConnection', description: 'A page of messages.' },
      { name: 'MessageEdge', description: 'A message in a page.' },
    ),
    activeRun: t.field({
      type: Run,
      nullable: true,
      description: 'The run that is being made or waits right now, if any.',
      resolve: ({ id }, _, { loaders }) => loaders.activeRun.load(id),
    }),
    eventCursor: t.string({
      description:
        'Where the log of this conversation stands: read the messages and this in one request, then follow with `after: eventCursor`, and nothing falls between.',
      resolve: (conversation) => eventCursor(conversation),
    }),
    runs: t.connection(
      {
        description: 'The runs that answered in it, the newest first.',
        type: Run,
        resolve: async ({ id }, { after, before, ...size }, { em, viewer, loaders, limits }) => {
          const page =
            after == null && before == null
              ? await loaders.runPage.load({ id, ...size })
              : await listRuns(em, viewer, id, { after, before, ...size, limits })
          return connection(page ?? emptyPage, async () => (await loaders.runCount.load({ id })) ?? 0)
        },
      },
      { name: 'RunConnection', description: 'A page of runs.' },
      { name: 'RunEdge', description: 'A run in a page.' },
    ),
  }),
})

const ConversationFilter = builder.inputType('ConversationFilter', {
  description: 'Which conversations to list. What is left out does not matter.',
  fields: (t) => ({
    archived: t.boolean({
      defaultValue: false,
      description: 'False: those in the list. True: those that were put away. Null: both.',
    }),
    titleContains: t.string({ description: 'Only those with this in their title, upper or lower case.' }),
    updatedAfter: t.field({ type: 'DateTime', description: 'Only those in which something happened after this.' }),
    updatedBefore: t.field({ type: 'DateTime', description: 'Only those in which nothing happened since this.' }),
  }),
})

builder.queryFields((t) => ({
  conversation: t.field({
    description: 'One conversation; null when there is none with this id, or none of yours.',
    type: Conversation,
    nullable: true,
    args: { id: t.arg.id({ required: true, description: 'The conversation: `conv_…`.' }) },
    resolve: (_, { id }, { loaders }) => {
      const found = internalId('conv', id)
      return found === null ? null : loaders.conversation.load(found)
    },
  }),
  conversations: t.connection(
    {
      description: 'Your conversations: newest activity first, pinned ones ahead.',
      type: Conversation,
      nullable: true,
      args: {
        filter: t.arg({ type: ConversationFilter, description: 'Which ones; left out: all but archived ones.' }),
      },
      resolve: async (_, { filter, ...args }, { em, viewer, limits }) =>
        connection(await listConversations(em, viewer, { ...args, limits }, filter ?? {}), () =>
          countConversations(em, viewer, filter ?? {}),
        ),
    },
    { name: 'ConversationConnection', description: 'A page of conversations.' },
    { name: 'ConversationEdge', description: 'A conversation in a page.' },
  ),
}))

builder.relayMutationField(
  'createConversation',
  {
    description: 'A new conversation.',
    inputFields: (t) => ({
      title: t.string({ description: '1 to 200 characters; left out: named after its first exchange.' }),
      idempotencyKey: t.string({
        description:
          '8 to 128 printable ASCII characters. The same key again gives the first result again; with another body it is refused.',
      }),
    }),
  },
  {
    nullable: true,
    description: 'Begins an empty conversation. `sendMessage` without a conversation does it on the way.',
    resolve: (_, { input: { title, idempotencyKey: key } }, { em, viewer, bell, limits }) =>
      idempotent(em, viewer, bell, {
        key,
        operation: 'createConversation',
        input: { title },
        work: (em, bell) => createConversation(em, viewer, bell, { title }, limits),
        idsOf: ({ id }) => ({ id }),
        again: (em, { id = '' }) => ownConversation(em, viewer, id),
      }),
  },
  {
    description: 'What was begun.',
    outputFields: (t) => ({
      conversation: t.field({ type: Conversation, description: 'The new conversation.', resolve: (it) => it }),
    }),
  },
)

builder.relayMutationField(
  'updateConversation',
  {
    description: 'What should be different.',
    inputFields: (t) => ({
      conversationId: t.id({ required: true, description: 'The conversation: `conv_…`.' }),
      title: t.string({ description: '1 to 200 characters. It is never overwritten by a made-up title then.' }),
      archived: t.boolean({ description: 'True puts it away, false brings it back.' }),
      pinned: t.boolean({ description: 'True keeps it at the top of the list.' }),
    }),
  },
  {
    nullable: true,
    description: 'Renames, archives or pins a conversation.',
    resolve: (_, { input: { conversationId, title, archived, pinned } }, { em, viewer, bell, limits }) =>
      updateConversation(em, viewer, bell, rowId('conv', conversationId), { title, archived, pinned }, limits),
  },
  {
    description: 'What came of it.',
    outputFields: (t) => ({
      conversation: t.field({ type: Conversation, description: 'The conversation as it is now.', resolve: (it) => it }),
    }),
  },
)

builder.relayMutationField(
  'deleteConversation',
  {
    description: 'Which conversation to delete.',
    inputFields: (t) => ({ conversationId: t.id({ required: true, description: 'The conversation: `conv_…`.' }) }),
  },
  {
    nullable: true,
    description: 'Stops what is being answered in it, then deletes the conversation and everything that hangs on it.',
    resolve: async (_, { input: { conversationId } }, { em, viewer, runs }) => ({
      deletedId: conversationId,
      ...(await runs.deleteConversation(em, viewer, rowId('conv', conversationId))),
    }),
  },
  {
    description: 'What went: the conversation and everything that hung on it.',
    outputFields: (t) => ({
      deletedId: t.exposeID('deletedId', { description: 'The id that no longer is.' }),
      deletedMessages: t.exposeInt('deletedMessages', { description: 'How many messages went with it.' }),
      deletedRuns: t.exposeInt('deletedRuns', { description: 'How many runs went with it.' }),
    }),
  },
)
