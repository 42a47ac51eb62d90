import {
  buildSchema,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
} from 'graphql'
import { printedSchema } from '../../api/graphql/print-schema.ts'

/** The API as others see it: from the printed schema, so that nothing that is served is left out. */
export const servedSchema = buildSchema(printedSchema())

export type Root = 'Query' | 'Mutation' | 'Subscription'

/** Which kind of object the id is of, by the name of the member; `id` and `ids` can be any. */
const kindOf: Record<string, string> = {
  conversationId: 'Conversation',
  messageId: 'Message',
  runId: 'Run',
  toolCallId: 'ToolCall',
  taskId: 'Task',
  apiKeyId: 'ApiKey',
  attachmentIds: 'Attachment',
}

/** Fields that take the id of what they are called after. */
const ownKind: Record<string, string> = { conversation: 'Conversation', import: 'Import' }

/** What members without an id are given, by their names. */
const samples: Record<string, unknown> = {
  content: 'Tell me about it',
  title: 'Something to do',
  name: 'Robot',
  query: 'question',
  scopes: ['tasks:read'],
  expiresInDays: 30,
  decision: 'DENY',
  feedback: 'UP',
  notes: 'Soon',
  dueOn: '2026-12-24',
  completed: true,
  archived: false,
  pinned: true,
  whenBusy: 'REJECT',
  timeZone: 'Europe/Berlin',
  reason: 'No',
  status: 'OPEN',
  format: 'JSONL',
  takeBack: false,
}

/** Left out, because what they would narrow down is what a leak would show. */
const leftOut = new Set([
  'filter',
  'updatedAfter',
  'updatedBefore',
  'model',
  'arguments',
  'idempotencyKey',
  'status',
  'first',
  'last',
  'before',
  'after',
])

export type Ids = Record<string, string>

export type Row = {
  root: Root
  field: string
  /** The kinds of objects whose ids it takes; empty: it is about the viewer's own things alone. */
  kinds: string[]
  isConnection: boolean
  document: string
  /** The variables that name these objects. Throws for a kind that is not among them. */
  variables(ids: Ids): Record<string, unknown>
}

/**
 * One row per field of the three roots; for a field that takes any id one per type of object. Throws for an argument
 * that nobody said a value for: a new field needs a look before it is let in.
 */
export function rowsOfSchema(): Row[] {
  return (['Query', 'Mutation', 'Subscription'] as const).flatMap((root) =>
    Object.values((servedSchema.getType(root) as GraphQLObjectType).getFields()).flatMap((field) =>
      takesAnyId(root, field) ? nodeTypes().map((type) => rowOf(root, field, type)) : [rowOf(root, field)],
    ),
  )
}

/** Everything that has an id. */
export const nodeTypes = (): string[] =>
  servedSchema.getPossibleTypes(servedSchema.getType('Node') as never).map(({ name }) => name)

const takesAnyId = (root: Root, { name }: GraphQLField<unknown, unknown>) =>
  root === 'Query' && (name === 'node' || name === 'nodes')

function rowOf(root: Root, field: GraphQLField<unknown, unknown>, type?: string): Row {
  const fallback = type ?? ownKind[field.name]
  const args = field.args.filter((it) => !leftOut.has(it.name))
  const kinds = args.flatMap((arg) => kindsIn(arg, fallback))
  const declared = args.map((arg) => `$${arg.name}: ${arg.type}`).join(', ')
  const passed = args.map((arg) => `${arg.name}: $${arg.name}`).join(', ')
  return {
    root,
    field: field.name,
    kinds,
    isConnection: field.args.some((it) => it.name === 'after') && root === 'Query',
    document: `${root.toLowerCase()}${declared && `(${declared})`} {
      ${field.name}${passed && `(${passed})`} ${selection(getNamedType(field.type), 4)}
    }`,
    variables: (ids) => Object.fromEntries(args.map((arg) => [arg.name, givenFor(arg, ids, fallback)])),
  }
}

type Member = GraphQLArgument | GraphQLInputField

const isId = (type: GraphQLInputType) => getNamedType(type).name === 'ID'

function kindsIn(member: Member, fallback?: string): string[] {
  if (isId(member.type)) return [kindOf[member.name] ?? fallback ?? unknown(member)]
  const type = getNullableType(member.type)
  return isInputObjectType(type) ? Object.values(type.getFields()).flatMap((it) => kindsIn(it, fallback)) : []
}

function givenFor(member: Member, ids: Ids, fallback?: string): unknown {
  const type = getNullableType(member.type)
  if (isId(member.type)) {
    const id = ids[kindOf[member.name] ?? fallback ?? '']
    if (id === undefined) throw new Error(`There is no id for ${member.name}.`)
    return isListType(type) ? [id] : id
  }
  if (isInputObjectType(type))
    return Object.fromEntries(
      Object.values(type.getFields())
        .filter((it) => !leftOut.has(it.name))
        .map((it) => [it.name, givenFor(it, ids, fallback)]),
    )
  return member.name in samples ? samples[member.name] : unknown(member)
}

function unknown(member: Member): never {
  throw new Error(`${member.name}: ${member.type} is new. Give it a sample, or say which kind of object it names.`)
}

/** All that can be asked of it without arguments, so deep. */
function selection(type: GraphQLNamedType, depth: number): string {
  if (isLeafType(type)) return ''
  if (isAbstractType(type)) {
    const parts = servedSchema.getPossibleTypes(type).map((it) => `... on ${it.name} ${selection(it, depth)}`)
    return `{ __typename ${parts.join(' ')} }`
  }
  if (!isObjectType(type)) return ''
  // Other types may have a field of the same name with another type: each has an alias of its own.
  const fields = Object.values(type.getFields()).filter(({ args }) => !args.some(isRequiredArgument))
  const inner = fields.flatMap((field) => {
    const named = getNamedType(field.type)
    const name = `${type.name}_${field.name}: ${field.name}`
    if (isLeafType(named) || isEnumType(named)) return [name]
    return depth > 1 && named.name !== type.name ? [`${name} ${selection(named, depth - 1)}`] : []
  })
  return `{ __typename ${inner.join(' ')} }`
}
