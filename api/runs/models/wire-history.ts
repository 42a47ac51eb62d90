import type { HistoryEntry, ModelCall } from '../model.ts'

/** A call as it can go over a wire. `id` is still the one in the history. */
export type WireCall = ModelCall & { wireId: string }

export type WireEntry =
  | Extract<HistoryEntry, { role: 'user' }>
  | (Omit<Extract<HistoryEntry, { role: 'assistant' }>, 'calls'> & { calls: readonly WireCall[] })
  | { role: 'tool'; wireId: string; output: string }

/**
 * The history as every provider takes it. Models make up tools that do not exist, arguments that are no JSON and ids that
 * repeat from turn to turn; all this is kept as it was said, but a request with it would be refused for ever after.
 */
export function wireHistory(history: readonly HistoryEntry[]): WireEntry[] {
  const idFor = createWireIds()
  let current = new Map<string, string>()
  return history.flatMap((entry): WireEntry[] => {
    if (entry.role === 'user') return [entry]
    if (entry.role === 'tool') {
      const wireId = current.get(entry.callId)
      return wireId === undefined ? [] : [{ role: 'tool', wireId, output: entry.output || '(no output)' }]
    }
    const calls = entry.calls.map((call) => ({ ...wireCall(call), wireId: idFor(call.id) }))
    current = new Map(calls.map((call) => [call.id, call.wireId]))
    return entry.text || calls.length > 0 ? [{ ...entry, calls }] : []
  })
}

function wireCall(call: ModelCall): ModelCall {
  const name = call.name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'unnamed'
  // The answer that follows such a call tells the model what was wrong with its arguments.
  return { ...call, name, arguments: isJsonObject(call.arguments) ? call.arguments : '{}' }
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/** Ids of at most 64 characters, none twice in a request. */
function createWireIds(): (id: string) => string {
  const taken = new Set<string>()
  return (id) => {
    let free = id.length > 0 && id.length <= 64 ? id : 'call'
    for (let number = 2; taken.has(free); number++) free = `${id.slice(0, 50) || 'call'}_${number}`
    taken.add(free)
    return free
  }
}
