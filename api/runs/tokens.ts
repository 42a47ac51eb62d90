import { countTokens } from 'gpt-tokenizer'
import { textOf } from './history.ts'
import type { HistoryEntry } from './model.ts'

const counted = new WeakMap<HistoryEntry, number>()

/** An image is worth about so many; documents vary. */
const tokensPerFile = 1_500

/** Beyond this the exact count is not worth its time. */
const longText = 20_000

/** About how many tokens an entry costs. Other models count a little differently: the budget has room for that. */
export function tokensOf(entry: HistoryEntry): number {
  const known = counted.get(entry)
  if (known !== undefined) return known
  const text = textOf(entry)
  const files = entry.role === 'user' ? (entry.files?.length ?? 0) : 0
  const count =
    4 + files * tokensPerFile + (text.length > longText ? Math.ceil(Buffer.byteLength(text) / 3) : countTokens(text))
  counted.set(entry, count)
  return count
}
