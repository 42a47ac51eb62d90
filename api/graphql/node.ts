import { findApiKey } from '../auth/api-keys.ts'
import { requireScopes } from '../auth/require-scopes.ts'
import type { Scope } from '../auth/viewer.ts'
import { badInput, notFound } from '../errors.ts'
import { type IdKind, internalId, parsePublicId } from '../ids.ts'
import { builder } from './builder.ts'
import type { Context } from './context.ts'

const nouns = {
  conv: 'conversation',
  msg: 'message',
  run: 'run',
  call: 'tool call',
  task: 'task',
  user: 'user',
  key: 'API key',
  att: 'attachment',
} as const satisfies Record<IdKind, string>

/** The row id behind an id that was sent. What cannot be one is refused as what does not exist: NOT_FOUND. */
export function rowId(kind: IdKind, id: string): string {
  const found = internalId(kind, id)
  if (!found) throw notFound(nouns[kind])
  return found
}

/** What a link leads to. It is there, unless it was deleted a moment ago. */
export function present<T>(kind: IdKind, found: T | null): T {
  if (found === null) throw notFound(nouns[kind])
  return found
}

/** The object behind any id; null when it is malformed, unknown or someone else's. */
async function findNode(id: string, context: Context) {
  const parsed = parsePublicId(id)
  if (!parsed) return null
  requireScopes(context.viewer, scopesOf[parsed.kind])
  return finders[parsed.kind](parsed.uuid, context)
}

const finders = {
  conv: (id, { loaders }) => loaders.conversation.load(id),
  msg: (id, { loaders }) => loaders.message.load(id),
  run: (id, { loaders }) => loaders.run.load(id),
  call: (id, { loaders }) => loaders.toolCall.load(id),
  task: (id, { loaders }) => loaders.task.load(id),
  user: async (id, { viewer, userOf }) => (id === viewer.id ? userOf(viewer) : null),
  key: (id, { em, viewer }) => findApiKey(em, viewer, id),
  att: (id, { loaders }) => loaders.attachment.load(id),
} as const satisfies Record<IdKind, (id: string, context: Context) => Promise<object | null>>

const conversations = ['conversations:read'] as const

const scopesOf = {
  conv: conversations,
  msg: conversations,
  run: conversations,
  call: conversations,
  task: ['tasks:read'],
  user: [],
  key: [],
  att: conversations,
} as const satisfies Record<IdKind, readonly Scope[]>

const nodesMax = 100

const Node = builder.nodeInterfaceRef()

builder.queryFields((t) => ({
  node: t.field({
    description:
      'Any object by its id; null when there is none, or none of yours. A key needs the scope that reads this kind of object.',
    type: Node,
    nullable: true,
    args: {
      id: t.arg.id({
        required: true,
        description: 'The `id` of an object of any kind: how it begins says which, as in `msg_…`.',
      }),
    },
    resolve: (_, { id }, context) => findNode(id, context),
  }),
  nodes: t.field({
    description: 'Several objects by their ids, in the order asked for; null in the place of each that is not there.',
    type: [Node],
    nullable: { list: false, items: true },
    args: { ids: t.arg.idList({ required: true, description: 'The ids of the objects: 100 at most.' }) },
    resolve: (_, { ids }, context) => {
      if (ids.length > nodesMax) throw badInput(['ids'], `must be ${nodesMax} at most`)
      return ids.map((id) => findNode(id, context))
    },
  }),
}))
