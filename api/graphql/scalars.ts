import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql'

/** Instants as text: strict on the way in, always UTC with milliseconds on the way out. */
export const DateTimeScalar = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description:
    'A point in time as ISO 8601 (RFC 3339) text: `2026-11-25T08:30:00.000Z`. Answers are always UTC with milliseconds; inputs may have an offset instead of `Z`.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => instant(value).toISOString(),
  parseValue: (value) => readInstant(value),
  parseLiteral: (node) => readInstant(textOf(node)),
})

/** Calendar days as text; a day has no time zone. */
export const DateScalar = new GraphQLScalarType<string, string>({
  name: 'Date',
  description: 'A calendar day, `YYYY-MM-DD`, without a time and without a time zone.',
  serialize: (value) => String(value).slice(0, 10),
  parseValue: (value) => readDay(value),
  parseLiteral: (node) => readDay(textOf(node)),
})

/** Whatever JSON can say. */
export const JsonScalar = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description: 'Any JSON value: an object, a list, a string, a number, true, false or null.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => readJson(node, variables ?? {}),
})

function instant(value: unknown): Date {
  if (value instanceof Date) return value
  throw new Error('a DateTime field gave something else than a Date')
}

const instantForm = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i

function readInstant(value: unknown): Date {
  const [, day] = typeof value === 'string' ? (instantForm.exec(value) ?? []) : []
  if (!day || !isDay(day)) throw refused('DateTime', 'wants a time such as "2026-11-25T08:30:00.000Z"')
  return new Date(String(value))
}

function readDay(value: unknown): string {
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && isDay(value)) return value
  throw refused('Date', 'wants a day such as "2026-11-25"')
}

/** `new Date` would quietly make 2 March of 30 February. Year 0 is not a day that PostgreSQL knows. */
function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00.000Z`)
  return !text.startsWith('0000') && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

const textOf = (node: ValueNode) => (node.kind === Kind.STRING ? node.value : undefined)

function readJson(node: ValueNode, variables: Record<string, unknown>): unknown {
  switch (node.kind) {
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value)
    case Kind.NULL:
      return null
    case Kind.LIST:
      return node.values.map((it) => readJson(it, variables))
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map((it) => [it.name.value, readJson(it.value, variables)]))
    case Kind.VARIABLE:
      return variables[node.name.value]
    case Kind.ENUM:
      throw refused('JSON', 'wants text in quotes')
  }
}

const refused = (scalar: string, reason: string) => new GraphQLError(`${scalar} ${reason}.`)
