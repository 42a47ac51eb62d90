import { Message } from '../conversations/message.entity.ts'
import { type MessageFound, type MessagesFound, searchMessages } from '../conversations/search-messages.ts'
import { builder } from './builder.ts'

const Edge = builder.objectRef<MessageFound>('MessageSearchEdge').implement({
  description: 'A message that was found.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Opaque: give it back as `after` of the same search.' }),
    node: t.expose('message', {
      type: Message,
      description:
        'The message that matched. When it was the title of a conversation, the first message of that conversation.',
    }),
    snippet: t.exposeString('snippet', {
      description:
        'The passage that matched, of the message or of the title: what matched stands between U+E000 and U+E001, everything else is as written.',
    }),
  }),
})

const Connection = builder.objectRef<MessagesFound>('MessageSearchConnection').implement({
  description: 'A page of what was found, best match first.',
  fields: (t) => ({
    edges: t.expose('found', { type: [Edge], description: 'The page: each message with the passage that matched.' }),
    pageInfo: t.field({
      type: builder.pageInfoRef(),
      description: 'Whether there is more, and how to get it.',
      resolve: ({ found, hasNextPage, isBehind }) => ({
        hasNextPage,
        hasPreviousPage: isBehind,
        startCursor: found[0]?.cursor ?? null,
        endCursor: found.at(-1)?.cursor ?? null,
      }),
    }),
    totalCount: t.int({
      nullable: true,
      description: 'How many were found, counted to 1,000 and null beyond. Counted only when it is asked for.',
      resolve: (found) => found.countAll(),
    }),
  }),
})

builder.queryField('searchMessages', (t) =>
  t.field({
    description:
      'Full text over message contents and titles: stemmed, and forgiving of a typing error. All words must match; quotes keep words together, a minus excludes, `or` is or. Best match first; forward only, and with the same arguments on each page. Superseded messages are not found.',
    type: Connection,
    nullable: true,
    args: {
      query: t.arg.string({ required: true, description: 'What to look for: 1 to 200 characters.' }),
      first: t.arg.int({ description: 'How many to give: 0 to 100; left out: 20.' }),
      after: t.arg.string({ description: 'Only what comes after this cursor.' }),
      archived: t.arg.boolean({
        description:
          'False: only in conversations of the list. True: only in those that were put away. Null or left out: in both.',
      }),
      updatedAfter: t.arg({
        type: 'DateTime',
        description: 'Only in conversations in which something happened after this.',
      }),
      updatedBefore: t.arg({
        type: 'DateTime',
        description: 'Only in conversations in which nothing happened since this.',
      }),
    },
    resolve: (_, args, { em, viewer, limits }) => searchMessages(em, viewer, args, limits),
  }),
)
