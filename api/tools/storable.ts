/** Deeper than any honest data, shallow enough for every recursion. */
export const maxDepth = 100

/** Text that Postgres can keep and every model can read: without NUL, and with U+FFFD for half a surrogate pair. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}

/** A copy of JSON data with all its texts, keys too, made storable. Throws RangeError when it is nested too deeply. */
export function storableJson(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return storableText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth === maxDepth) throw new RangeError('nested too deeply')
  if (Array.isArray(value)) return value.map((it) => storableJson(it, depth + 1))
  // fromEntries defines members, so that one called __proto__ is only a member.
  return Object.fromEntries(Object.entries(value).map(([key, it]) => [storableText(key), storableJson(it, depth + 1)]))
}
