import type { IncomingHttpHeaders } from 'node:http'
import type { ScriptedUsage } from './scripted-turns.ts'
import type { Api, Read } from './strict-request.ts'

/** What the model was asked, the same for both wires. */
export type ProviderRequest = Read & {
  api: Api
  headers: IncomingHttpHeaders
  /** When it came, in milliseconds of `performance.now()`. */
  at: number
  /** Resolves when the caller hangs up before the answer is over. */
  hungUp: Promise<void>
}

/** What the provider has given out: numbers for ids, and which reasoning belongs to which call. */
export type Issued = { calls: number; reasoning: Map<string, string> }

/** A call with everything that goes over the wire. */
export type SpokenCall = { id: string; name: string; arguments: string }

/** How one wire says things: each method gives the text of events. */
export type Voice = {
  opens(): string
  text(text: string): string
  refusal(text: string): string
  thinks(text: string): string
  call(call: SpokenCall): string
  event(data: unknown): string
  /** Null: an ending that this wire does not say. */
  ends(how: 'stop' | 'length' | 'filter' | 'failed', usage: ScriptedUsage | null): string
}
