import { countTokens } from 'gpt-tokenizer'
import type { Limits } from '../limits.ts'
import type { ToolSpec } from '../tools/toolbox.ts'
import { textOf } from './history.ts'
import type { HistoryEntry } from './model.ts'
import { RunError } from './run-failure.ts'

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

/** About how many tokens come before the history: what the model is told to do, and the tools that it may use. */
function tokensBefore(instructions: string, tools: readonly ToolSpec[]): number {
  const spoken = tools.map(({ calledAs, description, inputSchema }) => ({ calledAs, description, inputSchema }))
  return countTokens(instructions) + (tools.length > 0 ? Math.ceil(Buffer.byteLength(JSON.stringify(spoken)) / 4) : 0)
}

/** So many tokens are left for the history. Throws MODEL_MISCONFIGURED when instructions and tools alone are too much. */
export function historyBudget(
  { historyTokens, requestTokens }: Pick<Limits, 'historyTokens' | 'requestTokens'>,
  instructions: string,
  tools: readonly ToolSpec[],
): number {
  const before = tokensBefore(instructions, tools)
  if (before < requestTokens) return Math.min(historyTokens, requestTokens - before)
  const cause = `instructions and ${tools.length} tools are about ${before} tokens, and requestTokens is ${requestTokens}`
  throw new RunError('MODEL_MISCONFIGURED', tooMuch, { retryable: false, cause })
}

const tooMuch = 'The instructions and tools alone are more than the model may be given. The operator has to mend that.'
