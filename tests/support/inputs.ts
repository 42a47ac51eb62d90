import { readFileSync } from 'node:fs'

/** The cases of a file in `tests/inputs`: what comes, and what has to be right then (`check`). */
export function readInputs<T>(name: string): T[] {
  return built(JSON.parse(readFileSync(`tests/inputs/${name}.json`, 'utf8'))) as T[]
}

/**
 * Strings that are long, or no text, are described: `$repeat` a text so many times, `$join` parts, `$utf16_hex` code
 * units of four hex digits each.
 */
function built(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(built)
  if ('$utf16_hex' in value)
    return String(value.$utf16_hex).replace(/.{4}/g, (unit) => String.fromCharCode(Number.parseInt(unit, 16)))
  if ('$join' in value) return (value.$join as unknown[]).map(built).join('')
  if ('$repeat' in value) {
    const { text, times } = value.$repeat as { text: string; times: number }
    return text.repeat(times)
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, built(member)]))
}
