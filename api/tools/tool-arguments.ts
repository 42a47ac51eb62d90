import { maxDepth } from './storable.ts'

/**
 * Reads the arguments of a call from the text that the model wrote. No text, blank text and `null` mean no arguments;
 * anything else must be one JSON object. Nothing is guessed or mended: the model can correct what it reads back.
 */
export function readArguments(
  text: string,
  maxBytes: number,
): { problem: null; value: Record<string, unknown> } | { problem: string } {
  if (Buffer.byteLength(text) > maxBytes) return { problem: `they are longer than ${maxBytes} bytes` }
  const trimmed = text.trim()
  if (trimmed === '' || trimmed === 'null') return { problem: null, value: {} }
  const parsed = parse(trimmed)
  if ('problem' in parsed) return parsed
  const { value } = parsed
  if (!isObject(value)) return { problem: `they must be one JSON object, not ${kindOf(value)}` }
  const flaw = flawOf(value)
  return flaw ? { problem: flaw } : { problem: null, value }
}

/**
 * What a door shows of them: the data, `{}` where there are none, and the raw text where that is no JSON, or nested so
 * deeply that writing it would end in an overflow.
 */
export function readableArguments(text: string): unknown {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed === 'null') return {}
  const parsed = parse(trimmed)
  return 'problem' in parsed || isTooDeep(parsed.value) ? text : parsed.value
}

function isTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === maxDepth || Object.values(value).some((member) => isTooDeep(member, depth + 1))
}

function parse(text: string): { value: unknown } | { problem: string } {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return { problem: `they are not JSON (${error instanceof Error ? error.message : 'unreadable'})` }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const kindOf = (value: unknown) =>
  Array.isArray(value) ? 'an array' : typeof value === 'string' ? 'a text' : JSON.stringify(value)

/** What makes JSON data unfit to be handed on, whatever the schema says; null when nothing does. */
function flawOf(value: unknown, depth = 0): string | null {
  if (typeof value === 'string')
    return value.includes('\0') || !value.isWellFormed() ? 'they hold text that is not well-formed' : null
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'they hold a number that is too large'
  if (typeof value !== 'object' || value === null) return null
  if (depth === maxDepth) return 'they are nested too deeply'
  if (Object.hasOwn(value, '__proto__')) return 'they have a member "__proto__"'
  for (const [key, member] of Object.entries(value)) {
    const flaw = flawOf(key) ?? flawOf(member, depth + 1)
    if (flaw) return flaw
  }
  return null
}
