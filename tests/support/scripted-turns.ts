/** One thing that the played model does. A turn is a list of them; without an ending it ends as it should. */
export type Step =
  | { text: string }
  | { refusal: string }
  /** Thinking that people must not see: a reasoning item on `responses`, `reasoning_content` on `chat`. */
  | { thinks: string }
  | { call: ScriptedCall }
  /** Goes on when the test says `provider.resume()`. */
  | { pause: true }
  | { waits: number }
  /** Null: says nothing about usage. */
  | { usage: ScriptedUsage | null }
  /** One event of the stream with this value as its data. */
  | { event: unknown }
  /** Written as it is. */
  | { raw: string | Uint8Array }
  | { ends: Ending }

/** `cleanly`: closes the answer with no word that it is over. `reset`: cuts the socket. `never`: keeps it open, silent. */
export type Ending = 'stop' | 'length' | 'filter' | 'failed' | 'cleanly' | 'reset' | 'never'

export type ScriptedCall = {
  name: string
  /** Left out: an empty object. A string is sent as it is. */
  arguments?: string | Record<string, unknown>
  /** Left out: one that the provider has not used yet. */
  id?: string
}

export type ScriptedUsage = { input: number; output: number; cached?: number; reasoning?: number }

export type Turn = {
  status: number
  headers: Record<string, string>
  /** An answer that is no stream. */
  body?: string
  /** Nothing at all is sent, not even a status. */
  silent?: boolean
  /** Each byte in a write of its own. */
  bytewise?: boolean
  steps: Step[]
}

/** In the place of text: the test decides when the model goes on. */
export const pause: Step = { pause: true }

/** An answer of text, one delta for each string, with any other steps in between. */
export function says(...pieces: (string | Step)[]): Turn {
  return stream(pieces.map((piece) => (typeof piece === 'string' ? { text: piece } : piece)))
}

/** A turn that asks for tools, all at once when there are several. */
export function calls(...wanted: ScriptedCall[]): Turn {
  return stream(wanted.map((call) => ({ call })))
}

/** An answer in the place of a stream: `fails(429, { headers: { 'retry-after': '3' } })`. */
export function fails(
  status: number,
  {
    headers = {},
    error,
    body,
  }: { headers?: Record<string, string>; error?: Record<string, unknown>; body?: string } = {},
): Turn {
  const json = JSON.stringify({
    error: { message: `played ${status}`, type: 'played', code: null, param: null, ...error },
  })
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: body ?? json, steps: [] }
}

/** Says this and then loses the connection: by a reset, or (`cleanly`) by an end that is no end. */
export function cuts(...pieces: (string | Step)[]): Turn {
  return says(...pieces, { ends: 'reset' })
}

export function endsEarly(...pieces: (string | Step)[]): Turn {
  return says(...pieces, { ends: 'cleanly' })
}

/** Takes the request and never answers. */
export function silence(): Turn {
  return { ...stream([]), silent: true }
}

/** An answer of these writes alone, whatever they are. */
export function writes(...pieces: (string | Uint8Array)[]): Turn {
  return stream([...['', ...pieces].map((raw) => ({ raw })), { ends: 'cleanly' }])
}

/** The same turn with each byte in a write of its own. */
export function bytewise(turn: Turn): Turn {
  return { ...turn, bytewise: true }
}

function stream(steps: Step[]): Turn {
  return { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' }, steps }
}
