import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'

type Pointers = Record<string, string>

type Conformance = {
  requests: Record<string, { schema: string; transport: 'sse' | 'json'; response: string }>
  events: Pointers
  updates: Pointers
  items: { wire: Pointers; storedOnly: Pointers }
  streamOrder: Record<string, string>
  itemLifecycle: Record<string, string>
  schema: { $id: string }
}

/** An event of a stream, as far as its place in it matters. */
export type WireEvent = {
  type: string
  item?: { id: string; type: string; [member: string]: unknown }
  item_id?: string
  update?: { type: string; [member: string]: unknown }
  [member: string]: unknown
}

const conformance: Conformance = JSON.parse(readFileSync(new URL('conformance.json', import.meta.url), 'utf8'))
const ajv = new Ajv2020({ strict: false, allErrors: true }).addSchema(conformance.schema)

/** The types that the wire knows. */
export const wire = {
  requests: Object.keys(conformance.requests),
  items: Object.keys(conformance.items.wire),
}

function faults(pointer: string | undefined, value: unknown): string[] {
  const validate = pointer && ajv.getSchema(conformance.schema.$id + pointer)
  if (!validate) return [`nothing on the wire is like ${JSON.stringify(value)}`]
  if (validate(value)) return []
  return (validate.errors ?? []).map((it) => `${it.instancePath || '/'} ${it.message} in ${JSON.stringify(value)}`)
}

/** What is wrong with the answer to a request that has no stream. */
export function answerFaults(requestType: string, answer: unknown): string[] {
  return faults(conformance.requests[requestType]?.response, answer)
}

/** What is wrong with an item, told by its type. */
export function itemFaults(item: { type: string }): string[] {
  return faults(conformance.items.wire[item.type], item)
}

/** What is wrong with each event by itself: the event, its update and its item, each against its own schema. */
export function eventFaults(event: WireEvent): string[] {
  return [
    ...faults(conformance.events[event.type], event),
    ...(event.update ? faults(conformance.updates[event.update.type], event.update) : []),
    ...(event.item ? itemFaults(event.item) : []),
  ]
}

/**
 * What is wrong with a whole stream: every event, their order, and the life of every item in it. `known` are ids of items
 * of earlier turns: those may change without having begun here.
 */
export function streamFaults(
  requestType: string,
  events: readonly WireEvent[],
  { endsWell = true, known = [] }: { endsWell?: boolean; known?: Iterable<string> } = {},
): string[] {
  const order = events.map(tokenOf).join('\n')
  const wanted = new RegExp(conformance.streamOrder[requestType] ?? '$^')
  return [
    ...events.flatMap(eventFaults),
    ...(wanted.test(order) ? [] : [`the order of ${requestType} is ${JSON.stringify(order)}`]),
    ...(endsWell ? lifecycleFaults(events, new Set(known)) : []),
  ]
}

function tokenOf({ type, update, item }: WireEvent): string {
  return [type, update?.type ?? item?.type].filter(Boolean).join(':')
}

/** Steps of an item that was finished in an earlier turn. */
const changed = /^((replaced|[a-z_]+\.[a-z_.]+)(\n(?!added|done)|$))*(removed)?$/

function lifecycleFaults(events: readonly WireEvent[], known: ReadonlySet<string>): string[] {
  const lives = new Map<string, { type: string; createdAt: unknown; steps: string[] }>()
  const found: string[] = []
  for (const { type, item, item_id: itemId, update } of events) {
    const id = item?.id ?? itemId
    if (id === undefined) continue
    const life = lives.get(id) ?? { type: item?.type ?? '?', createdAt: item?.created_at, steps: [] }
    if (item && life.type === '?') Object.assign(life, { type: item.type, createdAt: item.created_at })
    lives.set(id, life)
    life.steps.push(update?.type ?? type.replace('thread.item.', ''))
    if (item && item.type !== life.type) found.push(`${id} was ${life.type} and is ${item.type}`)
    if (item && item.created_at !== life.createdAt) found.push(`${id} has two times`)
  }
  for (const [id, { type, steps }] of lives)
    if (!(known.has(id) ? changed : new RegExp(conformance.itemLifecycle[type] ?? '$^')).test(steps.join('\n')))
      found.push(`the life of ${type} ${id} is ${JSON.stringify(steps.join('\n'))}`)
  return found
}
