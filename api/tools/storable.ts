/** Deeper than any honest data, shallow enough for every recursion. */
export const maxDepth = 100

/** Text that Postgres can keep and every model can read: without NUL, and with U+FFFD for half a surrogate pair. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}

/** A copy of JSON data with all its texts, keys too, made storable. Throws RangeError when it is nested too deeply. */
export function storableJson(data: object, depth = 0): object {
  if (depth === maxDepth) throw new RangeError('nested too deeply')
  const storable = (value: unknown): unknown => {
    if (typeof value === 'string') return storableText(value)
    return typeof value === 'object' && value !== null ? storableJson(value, depth + 1) : value
  }
  if (Array.isArray(data)) return data.map(storable)
  // fromEntries defines members, so that one called __proto__ is only a member.
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [storableText(key), storable(value)]))
}
