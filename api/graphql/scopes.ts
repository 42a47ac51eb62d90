import { defaultFieldResolver, type GraphQLField, type GraphQLSchema } from 'graphql'
import { requireScopes } from '../auth/require-scopes.ts'
import type { Scope } from '../auth/viewer.ts'
import type { Context } from './context.ts'

type Needs = Readonly<Record<string, readonly Scope[]>>

/** Objects are told apart by their ids, keys by the credential: they look at the viewer themselves. */
const looksItself: readonly Scope[] = []
const anyCredential: readonly Scope[] = []
const reads: readonly Scope[] = ['conversations:read']
const changes: readonly Scope[] = ['conversations:write']
const answers: readonly Scope[] = ['runs:write']

/**
 * What a credential needs for each field. Every field of the three roots is here; of objects those that lead from
 * what was just written to what others said before.
 */
const needs: Readonly<Record<string, Needs>> = {
  Query: {
    viewer: anyCredential,
    rateLimit: anyCredential,
    models: anyCredential,
    dictation: anyCredential,
    toolServers: anyCredential,
    node: looksItself,
    nodes: looksItself,
    conversation: reads,
    conversations: reads,
    searchMessages: reads,
    export: reads,
    import: reads,
    imports: reads,
    tasks: ['tasks:read'],
  },
  Mutation: {
    sendMessage: ['conversations:write', 'runs:write'],
    createConversation: changes,
    updateConversation: changes,
    deleteConversation: changes,
    rateMessage: changes,
    stopRun: answers,
    retryMessage: answers,
    editMessage: answers,
    decideToolCall: answers,
    createTask: ['tasks:write'],
    updateTask: ['tasks:write'],
    deleteTask: ['tasks:write'],
    createApiKey: looksItself,
    revokeApiKey: looksItself,
  },
  Subscription: {
    conversationEvents: reads,
    runEvents: reads,
    viewerEvents: ['conversations:read', 'tasks:read'],
  },
  Conversation: { messages: reads, runs: reads },
  Message: { replaces: reads, toolCalls: reads },
  Run: { messages: reads },
  ToolCall: { message: reads },
}

/** Fields that make something new, or longer: not while there is no room for it. Sending looks for itself, after repeats. */
const makesMore = new Set([
  ...['createConversation', 'updateConversation', 'rateMessage'],
  ...['createTask', 'updateTask', 'createApiKey'],
])

const roots = ['Query', 'Mutation', 'Subscription']

/**
 * The schema with the scopes checked before each resolver, and said in each description. Throws when a root field has
 * no line in the table: a field that nobody thought about is not served.
 */
export function withScopes(schema: GraphQLSchema): GraphQLSchema {
  for (const type of [...new Set([...roots, ...Object.keys(needs)])]) {
    const found = schema.getType(type)
    const fields =
      found && 'getFields' in found ? (found.getFields() as Record<string, GraphQLField<unknown, Context>>) : {}
    for (const [name, field] of Object.entries(fields)) {
      const needed = needs[type]?.[name]
      if (needed?.length) guard(field, type, needed)
      if (type === 'Mutation' && makesMore.has(name)) onlyWithSpace(field)
      if (!needed && roots.includes(type)) throw new Error(`${type}.${name}: which scopes does it need?`)
    }
  }
  return schema
}

function onlyWithSpace(field: GraphQLField<unknown, Context>): void {
  const resolve = field.resolve ?? defaultFieldResolver
  field.resolve = (source, args, context, info) => {
    context.checkSpace()
    return resolve(source, args, context, info)
  }
}

function guard(field: GraphQLField<unknown, Context>, type: string, needed: readonly Scope[]): void {
  field.description = `${field.description ?? ''} Needs ${needed.map((it) => `\`${it}\``).join(' and ')}.`.trim()
  const entrance = type === 'Subscription' ? 'subscribe' : 'resolve'
  const enter = field[entrance] ?? defaultFieldResolver
  field[entrance] = (source, args, context, info) => {
    requireScopes(context.viewer, needed)
    return enter(source, args, context, info)
  }
}
