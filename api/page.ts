import { type EntityName, type FilterQuery, type FindOptions, raw, sql } from '@mikro-orm/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { badInput } from './errors.ts'
import { type Limits, standardLimits } from './limits.ts'

/** Arguments of a Relay connection (relay.dev/graphql/connections.htm). Neither `first` nor `last` means the default. */
export type PageArgs = {
  first?: number | null
  after?: string | null
  last?: number | null
  before?: string | null
  /** Left out: the standard ones. */
  limits?: PageLimits
}

export type Page<T> = {
  nodes: T[]
  hasNextPage: boolean
  hasPreviousPage: boolean
  /** Where to go on behind, or before, this node. */
  cursorOf(node: T): string
}

export type PageLimits = Pick<Limits, 'pageDefault' | 'pageMax' | 'cursorBytes'>

/** What is listed: `keys` order it, all in one direction, the last one unique; an index has them in that order. */
export type Listing<T extends object> = {
  /** Names the listing in its cursors, so that a cursor of another list is refused. */
  name: string
  where: FilterQuery<T>
  keys: readonly (keyof T & string)[]
  direction: 'asc' | 'desc'
}

/**
 * A page by keys: as fast at any depth, and stable while rows come and go.
 * Throws BAD_USER_INPUT for sizes out of bounds, for both sizes at once and for a cursor of another list.
 */
export async function keysetPage<T extends object>(
  em: SqlEntityManager,
  entity: EntityName<T>,
  listing: Listing<T>,
  args: PageArgs,
): Promise<Page<T>> {
  const limits = args.limits ?? standardLimits
  const size = pageSize(args, limits)
  const backward = typeof args.last === 'number'
  const { properties } = em.getMetadata().get(entity)
  const types = listing.keys.map((key) => properties[key as keyof typeof properties].runtimeType)
  const after = args.after == null ? null : readCursor(listing, types, 'after', args.after, limits)
  const before = args.before == null ? null : readCursor(listing, types, 'before', args.before, limits)
  const columns = listing.keys.map((key) => properties[key as keyof typeof properties].fieldNames[0] ?? key)
  const forwards = listing.direction === 'asc' ? '>' : '<'
  const backwards = listing.direction === 'asc' ? '<' : '>'
  const conditions: unknown[] = [listing.where]
  if (after) conditions.push(beyond(columns, after, forwards))
  if (before) conditions.push(beyond(columns, before, backwards))
  const [direction, away] =
    backward === (listing.direction === 'asc') ? (['desc', 'asc'] as const) : (['asc', 'desc'] as const)
  // One more than wanted, also than none: whether there is a next page is told in any case.
  const found = await em.find(entity, { $and: conditions } as FilterQuery<NoInfer<T>>, {
    ...ordered(listing, direction),
    limit: size + 1,
  })
  // A cursor says where one was, not that something is still there.
  const cursor = backward ? before : after
  const others = cursor && { $and: [listing.where, beyond(columns, cursor, `${backward ? forwards : backwards}=`)] }
  const [behind] = others
    ? await em.find(entity, others as FilterQuery<NoInfer<T>>, { ...ordered(listing, away), limit: 1 })
    : []
  return pageOf(listing, found, size, { backward, behind: behind !== undefined })
}

/**
 * The first pages, or with `last` the last ones, of many parents' lists in at most two statements, however many parents there
 * are. `parent` is the member that names the parent. No cursors: those belong to one list.
 * Throws BAD_USER_INPUT for sizes out of bounds and for both at once.
 */
export async function firstPages<T extends { id: string }>(
  em: SqlEntityManager,
  entity: EntityName<T>,
  listing: Listing<T> & { parent: keyof T & string },
  parents: readonly string[],
  args: Pick<PageArgs, 'first' | 'last' | 'limits'>,
): Promise<Map<string, Page<T>>> {
  const [only, ...others] = parents
  if (only !== undefined && others.length === 0) {
    const where = { $and: [listing.where, { [listing.parent]: only }] } as FilterQuery<T>
    return new Map([[only, await keysetPage(em, entity, { ...listing, where }, args)]])
  }
  const size = pageSize(args, args.limits ?? standardLimits)
  const backward = typeof args.last === 'number'
  const direction = backward === (listing.direction === 'asc') ? 'desc' : 'asc'
  const lists = parents.map((parent) =>
    em
      .createQueryBuilder(entity)
      .select('id' as never)
      .where({ $and: [listing.where, { [listing.parent]: parent }] } as never)
      .orderBy(listing.keys.map((key) => ({ [key]: direction })) as never)
      .limit(size + 1),
  )
  const ids = await em.execute<{ id: string }[]>(
    lists.map((it) => `(${it.getQuery()})`).join(' union all '),
    lists.flatMap((it) => [...it.getParams()]),
  )
  const found =
    ids.length === 0
      ? []
      : await em.find(entity, { $and: [listing.where, { id: { $in: ids.map(({ id }) => id) } }] } as never, {
          ...ordered(listing, direction),
        })
  const byParent = Map.groupBy(found as T[], (it) => String(it[listing.parent]))
  return new Map(
    parents.map((parent) => [parent, pageOf(listing, byParent.get(parent) ?? [], size, { backward, behind: false })]),
  )
}

/** How many there are in each of many parents' lists, in one statement. */
export async function countOfEach<T extends { id: string }>(
  em: SqlEntityManager,
  entity: EntityName<T>,
  where: FilterQuery<T>,
  parent: keyof T & string,
  parents: readonly string[],
): Promise<Map<string, number>> {
  const rows = await em
    .createQueryBuilder(entity)
    .select([`${parent} as parent`, sql`count(*)::int`.as('count')] as never)
    .where({ $and: [where, { [parent]: { $in: [...parents] } }] } as never)
    .groupBy(parent as never)
    .execute<{ parent: string; count: number }[]>('all', false)
  return new Map(rows.map(({ parent, count }) => [parent, count]))
}

function ordered<T extends object>({ keys }: Listing<T>, direction: 'asc' | 'desc'): Pick<FindOptions<T>, 'orderBy'> {
  return { orderBy: keys.map((key) => ({ [key]: direction })) as FindOptions<T>['orderBy'] }
}

function pageOf<T extends object>(
  listing: Listing<T>,
  found: T[],
  size: number,
  { backward, behind }: { backward: boolean; behind: boolean },
): Page<T> {
  const more = found.length > size
  const nodes = more ? found.slice(0, size) : found
  if (backward) nodes.reverse()
  return {
    nodes,
    hasNextPage: backward ? behind : more,
    hasPreviousPage: backward ? more : behind,
    cursorOf: (node) => writeCursor(listing, node),
  }
}

/** How many are wanted. Throws BAD_USER_INPUT for sizes out of bounds and for both at once. */
export function pageSize({ first, last }: PageArgs, { pageDefault, pageMax }: PageLimits): number {
  if (typeof first === 'number' && typeof last === 'number') throw badInput(['last'], 'give first or last, not both')
  const [name, size] = typeof last === 'number' ? ['last', last] : ['first', first ?? pageDefault]
  if (size < 0 || size > pageMax) throw badInput([name], `must be between 0 and ${pageMax}`)
  return size
}

type Value = string | number | boolean | Date

/** Rows compared as wholes: the index is entered right there. Spelled out, all that comes before would be read and left out. */
function beyond(columns: readonly string[], values: Value[], operator: '<' | '>' | '<=' | '>='): object {
  const row = (alias: string) => columns.map((column) => `"${alias}"."${column}"`).join(', ')
  const places = columns.map(() => '?').join(', ')
  return { [raw((alias) => `(${row(alias)}) ${operator} (${places})`, values)]: [] }
}

function writeCursor<T extends object>({ name, keys }: Listing<T>, node: T): string {
  return Buffer.from(JSON.stringify([name, ...keys.map((key) => encode(node[key]))])).toString('base64url')
}

function readCursor<T extends object>(
  { name, keys }: Listing<T>,
  types: readonly string[],
  arg: string,
  cursor: string,
  limits: PageLimits,
): Value[] {
  const bad = badInput([arg], 'is not a cursor of this list')
  if (cursor.length > limits.cursorBytes) throw bad
  const parts = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'))
  if (!Array.isArray(parts) || parts.length !== keys.length + 1 || parts[0] !== name) throw bad
  return parts.slice(1).map((part: unknown, index) => {
    const value = decode(part)
    if (value === null || typeOf(value) !== types[index]) throw bad
    return value
  })
}

const typeOf = (value: Value) => (value instanceof Date ? 'Date' : typeof value)

const encode = (value: unknown) => (value instanceof Date ? { t: value.getTime() } : value)

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

function decode(part: unknown): Value | null {
  if (typeof part === 'boolean') return part
  if (typeof part === 'number') return Number.isInteger(part) && Math.abs(part) < 2 ** 31 ? part : null
  if (typeof part === 'string') return uuid.test(part) ? part : null
  if (typeof part !== 'object' || part === null || !('t' in part)) return null
  return typeof part.t === 'number' && Math.abs(part.t) <= 253_402_300_799_999 ? new Date(part.t) : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
