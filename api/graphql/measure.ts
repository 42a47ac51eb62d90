import {
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql'

/** How big a request is, known from its document and variables alone. */
export type Measures = {
  /** Fields once all fragments are written out: each is a token at least. */
  queryTokens: number
  /** Fields below each other; those that ask about the schema have a limit of their own. */
  queryDepth: number
  introspectionDepth: number
  queryAliases: number
  queryRootFields: number
  queryDirectives: number
  /** An object 1, a connection its page size, a scalar 0, multiplied along the way. */
  queryCost: number
}

type PageSizes = { pageDefault: number; pageMax: number }
type Variables = Readonly<Record<string, unknown>>
type Part = { all: number; depth: number; introspection: number; aliases: number; fields: number; cost: number }

const nothing: Part = { all: 0, depth: 0, introspection: 0, aliases: 0, fields: 0, cost: 0 }

/**
 * Measures a document that was not validated: what the schema does not know weighs nothing, and a fragment that leads
 * to itself is followed once. Of several operations the biggest counts. Each fragment is looked at once, and once more
 * for each operation whose variables have values of their own, so the time is bounded by the length of the document.
 */
export function measure(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Variables,
  sizes: PageSizes,
): Measures {
  const measuring = new Measuring(schema, document, variables, sizes)
  const operations = document.definitions.filter((it) => it.kind === Kind.OPERATION_DEFINITION)
  const parts = operations.map((operation) => {
    const standard = defaultsOf(operation)
    const own = standard ? new Measuring(schema, document, { ...standard, ...variables }, sizes) : measuring
    return own.operation(operation)
  })
  const most = (of: keyof Part) => Math.max(0, ...parts.map((part) => part[of]))
  return {
    queryTokens: most('all'),
    queryDepth: most('depth'),
    introspectionDepth: most('introspection'),
    queryAliases: most('aliases'),
    queryRootFields: most('fields'),
    queryDirectives: directivesIn(document),
    queryCost: most('cost'),
  }
}

/** What its variables are when nothing is given for them; null when it says nothing of that. */
function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Variables | null {
  const given = variableDefinitions.flatMap(({ variable, defaultValue }) =>
    defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)] as const] : [],
  )
  return given.length > 0 ? Object.fromEntries(given) : null
}

class Measuring {
  readonly #schema: GraphQLSchema
  readonly #fragments = new Map<string, { on: string; selectionSet: SelectionSetNode }>()
  readonly #measured = new Map<string, Part>()
  readonly #variables: Variables
  readonly #sizes: PageSizes

  constructor(schema: GraphQLSchema, document: DocumentNode, variables: Variables, sizes: PageSizes) {
    this.#schema = schema
    this.#variables = variables
    this.#sizes = sizes
    for (const it of document.definitions)
      if (it.kind === Kind.FRAGMENT_DEFINITION)
        this.#fragments.set(it.name.value, { on: it.typeCondition.name.value, selectionSet: it.selectionSet })
  }

  operation({ operation, selectionSet }: OperationDefinitionNode): Part {
    return this.#selections(selectionSet, this.#schema.getRootType(operation))
  }

  #selections({ selections }: SelectionSetNode, type: GraphQLNamedType | null | undefined): Part {
    const sum = { ...nothing }
    for (const selection of selections) {
      const part =
        selection.kind === Kind.FIELD
          ? this.#field(selection, type)
          : selection.kind === Kind.INLINE_FRAGMENT
            ? this.#selections(selection.selectionSet, this.#typeOf(selection.typeCondition?.name.value) ?? type)
            : this.#fragment(selection.name.value)
      sum.all += part.all
      sum.depth = Math.max(sum.depth, part.depth)
      sum.introspection = Math.max(sum.introspection, part.introspection)
      sum.aliases += part.aliases
      sum.fields += part.fields
      sum.cost += part.cost
    }
    return sum
  }

  #fragment(name: string): Part {
    const known = this.#measured.get(name)
    if (known) return known
    const fragment = this.#fragments.get(name)
    if (!fragment) return nothing
    this.#measured.set(name, nothing)
    const part = this.#selections(fragment.selectionSet, this.#typeOf(fragment.on))
    this.#measured.set(name, part)
    return part
  }

  #field(node: FieldNode, parent: GraphQLNamedType | null | undefined): Part {
    const name = node.name.value
    const aliases = node.alias ? 1 : 0
    const type = fieldType(parent, name)
    const inner = node.selectionSet ? this.#selections(node.selectionSet, type) : nothing
    const part = { ...inner, all: 1 + inner.all, aliases: aliases + inner.aliases, fields: 1 }
    if (name === '__schema' || name === '__type') return { ...part, depth: 0, introspection: 1 + inner.depth, cost: 0 }
    return { ...part, depth: 1 + inner.depth, cost: this.#cost(node, parent, type, inner.cost) }
  }

  #cost(
    node: FieldNode,
    parent: GraphQLNamedType | null | undefined,
    type: GraphQLNamedType | undefined,
    inner: number,
  ) {
    if (!isCompositeType(type)) return 0
    if (isConnection(type)) return this.#pageSize(node) * (1 + inner)
    // A connection's size has counted its nodes already.
    if (type.name.endsWith('Edge') || type.name === 'PageInfo' || parent?.name.endsWith('Edge')) return inner
    const ids = this.#argument(node, 'ids')
    return (Array.isArray(ids) ? ids.length : 1) * (1 + inner)
  }

  /** As it will be read; a size that will be refused counts as the largest one. */
  #pageSize(node: FieldNode): number {
    const size = this.#argument(node, 'first') ?? this.#argument(node, 'last') ?? this.#sizes.pageDefault
    return typeof size === 'number' && size >= 0 ? Math.min(size, this.#sizes.pageMax) : this.#sizes.pageMax
  }

  #argument(node: FieldNode, name: string): unknown {
    const value = node.arguments?.find((it) => it.name.value === name)?.value
    if (value?.kind === Kind.VARIABLE) return this.#variables[value.name.value]
    if (value?.kind === Kind.INT) return Number(value.value)
    return value?.kind === Kind.LIST ? value.values : undefined
  }

  #typeOf(name: string | undefined): GraphQLNamedType | undefined {
    return name === undefined ? undefined : this.#schema.getType(name)
  }
}

function fieldType(parent: GraphQLNamedType | null | undefined, name: string): GraphQLNamedType | undefined {
  if (!isObjectType(parent) && !isInterfaceType(parent)) return undefined
  const field = parent.getFields()[name]
  return field && getNamedType(field.type)
}

const isConnection = (type: GraphQLCompositeType) => type.name.endsWith('Connection')

function directivesIn(node: unknown): number {
  if (Array.isArray(node)) return node.reduce((sum: number, it) => sum + directivesIn(it), 0)
  if (typeof node !== 'object' || node === null) return 0
  const own = 'kind' in node && node.kind === Kind.DIRECTIVE ? 1 : 0
  let sum = own
  for (const [member, value] of Object.entries(node)) if (member !== 'loc') sum += directivesIn(value)
  return sum
}
