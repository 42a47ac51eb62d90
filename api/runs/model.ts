import type { ToolSpec } from '../tools/toolbox.ts'

/** What the loop needs of a language model. */
export interface Model {
  /** The models that people may choose, the default one first. */
  readonly names: readonly [string, ...string[]]
  /** True when no model is connected and the offline assistant answers. */
  readonly offline: boolean
  /**
   * Asks for one turn. Yields text as it comes and ends with exactly one `finished`.
   * Throws RunError when the model fails; when `signal` aborts it throws the signal's reason. Tries again by itself only
   * before the first text: a wait that a person would notice is told before it begins.
   */
  ask(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent, void>
  /** What was said in a recording, as text. Left out when nothing is there that could. Throws RunError. */
  transcribe?(recording: Recording, signal: AbortSignal): Promise<string>
}

export type Recording = { bytes: Uint8Array; mediaType: 'audio/webm' | 'audio/ogg' | 'audio/mp4' }

export type ModelRequest = {
  model: string
  instructions: string
  history: readonly HistoryEntry[]
  tools: readonly ToolSpec[]
  /** At most this many tokens of output, where the wire has such a member. */
  maxOutputTokens?: number
}

/** What the model is shown: whole groups only, a call always with its answer (`history.ts` sees to it). */
export type HistoryEntry =
  | { role: 'user'; text: string; files?: readonly HistoryFile[] }
  | { role: 'assistant'; text: string; calls: readonly HistoryCall[]; reasoning?: object | null }
  | { role: 'tool'; callId: string; name: string; output: string }

/** What of a person's file the model is given beside their words. Texts are among the words. */
export type HistoryFile = { name: string; mediaType: string; base64: string }

/** A call as the model made it. `arguments` is its raw text: JSON, one hopes. */
export type ModelCall = { id: string; name: string; arguments: string }

/** A call under our own row id besides the provider's. `approved`: a person has allowed it. */
export type HistoryCall = ModelCall & { callId: string; approved?: boolean }

export type ModelEvent =
  /** More of the answer; never empty, always well-formed Unicode without NUL. A refusal is text too. */
  | { type: 'text'; text: string }
  /** The provider is busy and is asked again after so many milliseconds. Comes before everything else, if at all. */
  | { type: 'waiting'; milliseconds: number }
  | ({ type: 'finished' } & FinishedTurn)

export type FinishedTurn = {
  calls: ModelCall[]
  /** Null when the model told nothing. */
  usage: Usage | null
  /** Opaque: stored beside the message and given back in its HistoryEntry. */
  reasoning: object | null
  /** `length`: the output budget cut it, calls of such a turn must not run. `filter`: the provider withheld it. */
  reason: 'stop' | 'length' | 'filter'
}

export type Usage = {
  inputTokens: number
  cachedInputTokens: number
  outputTokens: number
  reasoningTokens: number
}
