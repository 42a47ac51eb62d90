import type { HistoryCall, HistoryEntry, HistoryFile } from './model.ts'
import type { ToolCallStatus } from './tool-call.entity.ts'

/** A finished message as the history needs it, with the calls that hang on it. */
export type PastMessage = {
  role: 'USER' | 'ASSISTANT' | 'SYSTEM'
  content: string
  reasoning?: object | null
  /** Sent along with it. */
  files?: readonly HistoryFile[]
  calls: readonly PastCall[]
}

export type PastCall = {
  callId: string
  /** Still to be made: it has no answer yet, whoever makes it adds one. */
  pending: boolean
  providerId: string
  calledAs: string
  argumentsText: string
  status: ToolCallStatus
  resultText?: string | null
  denialReason?: string | null
  error?: { code: string; message: string } | null
}

/** Several entries that only make sense together: a user's message, or an assistant's turn with its calls and answers. */
type Group = HistoryEntry[]

/**
 * The one place that makes the model's history of stored messages: whole groups only, a call always with its answer.
 * What no provider would take is mended in the copy, and said in `repairs`.
 */
export function buildHistory(
  past: readonly PastMessage[],
  { toolResultBytes }: { toolResultBytes: number },
): { history: HistoryEntry[]; repairs: string[] } {
  const repairs = new Set<string>()
  const ids = new Set<string>()
  const history = past.flatMap((message) => groupOf(message, ids, toolResultBytes, repairs))
  return { history, repairs: [...repairs] }
}

/**
 * As much of the history as the budget allows, in whole groups from the newest back. The question and the last group always
 * stay; when they alone are too much, the results in the last group are shortened, all to the same length.
 */
export function withinBudget(
  history: readonly HistoryEntry[],
  budget: number,
  countTokens: (entry: HistoryEntry) => number,
): HistoryEntry[] {
  const groups: Group[] = []
  for (const entry of history) entry.role === 'tool' ? groups.at(-1)?.push(entry) : groups.push([entry])
  const question = groups.findLast((group) => group[0]?.role === 'user')
  const last = groups.at(-1)
  const kept = new Set([question, last])
  let left = budget - sum([...kept].flatMap((group) => (group ?? []).map(countTokens)))
  if (left < 0 && last) return [...(question === last ? [] : (question ?? [])), ...shrunk(last, -left, countTokens)]
  for (const group of groups.toReversed()) {
    if (kept.has(group)) continue
    left -= sum(group.map(countTokens))
    if (left < 0) break
    kept.add(group)
  }
  return groups.filter((group) => kept.has(group)).flat()
}

/** A token is about three bytes, and a mark that something was shortened has its own. */
const bytesPerToken = 3
const leastBytes = 300

/** With so many tokens less in its results, as far as they have so many. */
function shrunk(group: Group, tokens: number, countTokens: (entry: HistoryEntry) => number): Group {
  const results = group.filter((entry) => entry.role === 'tool')
  const left = sum(results.map(countTokens)) - tokens
  // The question alone is too much: without results there would be no answer to it either.
  if (left <= 0) return group
  const bytes = Math.max(leastBytes, Math.floor((left * bytesPerToken) / Math.max(1, results.length)))
  return group.map((entry) => (entry.role === 'tool' ? { ...entry, output: shortened(entry.output, bytes) } : entry))
}

const sum = (numbers: number[]) => numbers.reduce((total, it) => total + it, 0)

function groupOf(message: PastMessage, ids: Set<string>, resultBytes: number, repairs: Set<string>): Group {
  const text = wellFormed(message.content, repairs)
  if (message.role !== 'ASSISTANT') return userEntry(text, message.files ?? []) ?? dropped(repairs)
  if (text.trim() === '' && message.calls.length === 0) return dropped(repairs)
  const calls = message.calls.map((call) => ({ ...call, id: uniqueId(call.providerId, ids, repairs) }))
  return [
    { role: 'assistant', text, calls: calls.map(asHistoryCall), reasoning: message.reasoning },
    ...calls.filter((call) => !call.pending).map((call) => answerOf(call, resultBytes, repairs)),
  ]
}

function userEntry(text: string, files: readonly HistoryFile[]): Group | null {
  if (text.trim() === '' && files.length === 0) return null
  return [{ role: 'user', text: text.trim() === '' ? 'See the file.' : text, ...(files.length > 0 && { files }) }]
}

function dropped(repairs: Set<string>): Group {
  repairs.add('left out an empty message')
  return []
}

const asHistoryCall = (call: PastCall & { id: string }): HistoryCall => ({
  callId: call.callId,
  id: call.id,
  name: call.calledAs,
  arguments: call.argumentsText.trim() === '' ? '{}' : call.argumentsText,
})

function answerOf(call: PastCall & { id: string }, resultBytes: number, repairs: Set<string>): HistoryEntry {
  const said = call.resultText ?? unanswered[call.status]?.(call) ?? call.error?.message
  if (said == null) repairs.add('gave a call without a result an answer that says so')
  const output = said ?? 'This call was cut off before it gave a result.'
  return {
    role: 'tool',
    callId: call.id,
    name: call.calledAs,
    output: shortened(wellFormed(output, repairs), resultBytes, repairs),
  }
}

const unanswered: Partial<Record<ToolCallStatus, (call: PastCall) => string>> = {
  CANCELLED: () => 'This call was cancelled: the person stopped the answer.',
  DENIED: ({ denialReason: why }) => `The person did not allow this call.${why ? ` They said: ${why}` : ''}`,
  OUTCOME_UNKNOWN: () => 'The server died while this tool was at work: whether it took effect is not known.',
}

/** Providers take a call's id once in a request; small ones count from zero in each turn. Adds the result to `ids`. */
export function uniqueId(id: string, ids: Set<string>, repairs?: Set<string>): string {
  let unique = id
  for (let n = 2; ids.has(unique) || unique === ''; n++) unique = `${id || 'call'}_${n}`
  if (unique !== id) repairs?.add('gave a doubled call id a number')
  ids.add(unique)
  return unique
}

/** Cut to so many bytes of UTF-8, between characters, with a mark that says so. */
export function shortened(text: string, bytes: number, repairs?: Set<string>): string {
  const size = Buffer.byteLength(text)
  if (size <= bytes) return text
  repairs?.add('shortened a long result')
  const cut = Buffer.from(text)
    .subarray(0, bytes)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')
  return `${cut}\n[shortened: ${bytes} of ${size} bytes]`
}

function wellFormed(text: string, repairs: Set<string>): string {
  if (text.isWellFormed() && !text.includes('\0')) return text
  repairs.add('replaced characters that are not well-formed')
  return text.toWellFormed().replaceAll('\0', '')
}

/** What of an entry costs tokens. */
export function textOf(entry: HistoryEntry): string {
  if (entry.role === 'tool') return entry.output
  if (entry.role === 'user') return entry.text
  return entry.text + entry.calls.map((call) => call.name + call.arguments).join('')
}
