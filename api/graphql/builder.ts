import SchemaBuilder from '@pothos/core'
import RelayPlugin from '@pothos/plugin-relay'
import type { Context } from './context.ts'
import { DateScalar, DateTimeScalar, JsonScalar } from './scalars.ts'

/** Makes the schema; one file per noun adds to it. Fields cannot be null unless they say so. */
export const builder = new SchemaBuilder<{
  Context: Context
  Scalars: {
    ID: { Input: string; Output: string }
    DateTime: { Input: Date; Output: Date }
    Date: { Input: string; Output: string }
    JSON: { Input: unknown; Output: unknown }
  }
  DefaultFieldNullability: false
  DefaultEdgesNullability: { list: false; items: false }
  Connection: { countAll: () => Promise<number> }
}>({
  plugins: [RelayPlugin],
  defaultFieldNullability: false,
  relay: {
    clientMutationId: 'omit',
    cursorType: 'String',
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    nodeTypeOptions: {
      description:
        'An object with a globally unique id. Ids are opaque strings that say their kind: `conv_…`, `msg_…`, `run_…`, `call_…`, `task_…`, `user_…`.',
    },
    idFieldOptions: { description: 'Globally unique and stable: `node(id:)` finds the object again.' },
    pageInfoTypeOptions: {
      description: 'Where a page lies in its list ([Relay connections](https://relay.dev/graphql/connections.htm)).',
    },
    hasNextPageFieldOptions: { description: 'Whether more follows: ask again with `after: endCursor`.' },
    hasPreviousPageFieldOptions: {
      description: 'Whether something comes before: ask again with `before: startCursor`.',
    },
    startCursorFieldOptions: { description: 'The cursor of the first edge; null on an empty page.' },
    endCursorFieldOptions: { description: 'The cursor of the last edge; null on an empty page.' },
    cursorFieldOptions: { description: 'Opaque: give it back as `after` or `before` of the same list.' },
    nodeFieldOptions: { description: 'The object itself.', nullable: false },
    edgesFieldOptions: {
      description: 'The page: each object with its cursor.',
      nullable: { list: false, items: false },
    },
    pageInfoFieldOptions: { description: 'Whether there is more, and how to get it.' },
    firstArgOptions: {
      description: 'How many to give from the front: 0 to 100. Neither `first` nor `last` means 20; not both.',
    },
    afterArgOptions: { description: 'Only what comes after this cursor.' },
    lastArgOptions: { description: 'How many to give from the end: 0 to 100. Not together with `first`.' },
    beforeArgOptions: { description: 'Only what comes before this cursor.' },
    mutationInputArgOptions: { description: 'What to do. A member that is left out leaves things as they are.' },
  },
})

builder.addScalarType('DateTime', DateTimeScalar)
builder.addScalarType('Date', DateScalar)
builder.addScalarType('JSON', JsonScalar)

builder.queryType({ description: 'Everything that can be read. Nothing here changes anything.' })
builder.mutationType({
  description:
    'Everything that can be changed. Each field is nullable, so that one that is refused does not take the results of the others away: the reason is in `errors`, with a code in `extensions.code`.',
})
builder.subscriptionType({
  description:
    'What can be followed live, as server-sent events: POST the subscription with `Accept: text/event-stream`. Each event that has a `cursor` can be gone on from: subscribe again with `after`, and none is lost and none comes twice.',
})

builder.globalConnectionField('totalCount', (t) =>
  t.int({
    description: 'How many there are on all pages together. Counted only when it is asked for.',
    resolve: (connection) => connection.countAll(),
  }),
)
