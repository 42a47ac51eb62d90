import type { WireEvent } from '../conformance.ts'

/** The server under test. Without a token requests carry no credential of their own. */
export type Target = { url: string; headers: Record<string, string> }

/** How a request was answered. `faults` are those of the transport. */
export type Answer = {
  status: number
  headers: Headers
  json: unknown
  events: WireEvent[]
  faults: string[]
}

export type Client = ReturnType<typeof createClient>

const patienceMs = 120_000

/** Posts requests as ChatKit does, and reads what comes back more strictly than a browser would. */
export function createClient({ url, headers }: Target) {
  async function post(body: string | object, init: { headers?: Record<string, string>; signal?: AbortSignal } = {}) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(init.headers ?? headers) },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.any([AbortSignal.timeout(patienceMs), ...(init.signal ? [init.signal] : [])]),
    })
    return read(response)
  }
  return {
    post,
    ask: (type: string, params: object) => post({ type, params }),
    /** The same without a credential. */
    stranger: (body: object) => post(body, { headers: {} }),
    headers,
    url,
  }
}

async function read(response: Response): Promise<Answer> {
  const type = response.headers.get('content-type') ?? ''
  const base = { status: response.status, headers: response.headers, json: undefined, events: [], faults: [] }
  const text = await response.text()
  if (type.startsWith('text/event-stream')) return { ...base, ...readEvents(text) }
  try {
    return { ...base, json: JSON.parse(text) }
  } catch {
    return { ...base, faults: [`the answer (${type || 'no content type'}) is neither a stream nor JSON`] }
  }
}

/** Exactly `data: ` and one line of JSON, or comments. */
function readEvents(text: string): Pick<Answer, 'events' | 'faults'> {
  const events: WireEvent[] = []
  const faults: string[] = []
  for (const block of text.split('\n\n').filter((it) => it !== '')) {
    const lines = block.split('\n').filter((line) => !line.startsWith(':'))
    if (lines.length === 0) continue
    const [line = ''] = lines
    if (lines.length > 1 || !line.startsWith('data: ')) faults.push(`not one line of data: ${block.slice(0, 80)}`)
    try {
      events.push(JSON.parse(line.replace(/^data: ?/, '')))
    } catch {
      faults.push(`not JSON: ${line.slice(0, 80)}`)
    }
  }
  if (text !== '' && !text.endsWith('\n\n')) faults.push('the stream ends in the middle of an event')
  return { events, faults }
}
