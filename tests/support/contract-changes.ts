import {
  findBreakingChanges,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql'

/**
 * What would break those who use the contract as it was, and was not announced: a field, argument, value or input member
 * may go when it was deprecated with a day in its reason (`Use x. Gone from 2027-06-01.`) and that day has come. A type
 * may go when all that it has may go.
 */
export function unannouncedChanges(before: GraphQLSchema, after: GraphQLSchema, today: string): string[] {
  const days = announcedDays(before)
  return findBreakingChanges(before, after)
    .map(({ description }) => description)
    .filter((description) => {
      const named = description.match(/[A-Z]\w*(?:\.\w+)?(?:\(\w+:\))?/g)?.find((it) => days.has(it))
      const day = named && days.get(named)
      return !(/was removed/.test(description) && day && day <= today)
    })
}

/** Deprecations without a day: nobody could know how much time there is. */
export function undatedDeprecations(schema: GraphQLSchema): string[] {
  return [...announcedDays(schema)].flatMap(([name, day]) => (day === '' ? [name] : []))
}

/** By coordinate: the day, '' when it is deprecated without one. */
function announcedDays(schema: GraphQLSchema): Map<string, string> {
  const days = new Map<string, string>()
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue
    const own: (string | undefined)[] = []
    const note = (coordinate: string, reason: string | null | undefined) => {
      const day = reason == null ? undefined : (/\d{4}-\d{2}-\d{2}/.exec(reason)?.[0] ?? '')
      if (day !== undefined) days.set(coordinate, day)
      return day
    }
    if (isEnumType(type))
      for (const it of type.getValues()) own.push(note(`${type.name}.${it.name}`, it.deprecationReason))
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type))
      for (const field of Object.values(type.getFields())) {
        own.push(note(`${type.name}.${field.name}`, field.deprecationReason))
        for (const arg of 'args' in field ? field.args : [])
          note(`${type.name}.${field.name}(${arg.name}:)`, arg.deprecationReason)
      }
    const last = own.toSorted().at(-1)
    if (last && own.every((it) => it !== undefined)) days.set(type.name, last)
  }
  return days
}
