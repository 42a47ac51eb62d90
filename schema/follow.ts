import { createClient, NetworkError } from 'graphql-sse'

export type FollowOptions = {
  /** Where GraphQL is served: `https://chat.example.com/graphql`. */
  url: string
  /** A subscription with one field, for example from `schema/operations/follow-conversation.graphql`. */
  query: string
  /** All variables but `after`, which is kept here. */
  variables?: Record<string, unknown>
  /** The place to begin behind: an `eventCursor`, or the last `cursor` that was handled. */
  after?: string | null
  /**
   * Asked before each attempt, so that a token can be renewed: `() => ({ authorization: 'Bearer …' })`. A FollowError that it
   * throws is the end; anything else counts as a break.
   */
  headers?: () => Record<string, string> | Promise<Record<string, string>>
  /** Ends the following quietly. */
  signal?: AbortSignal
  /** Told each time the server has begun to listen for us: with the first event, or a heartbeat that no refusal follows. */
  onOpen?: () => void
  /** Told each time the stream breaks, with the reason and the milliseconds until the next attempt. */
  onBreak?: (code: string, waitMs: number) => void
  /** So many attempts in a row may bring nothing before it gives up; endless when left out. */
  attempts?: number
  /** Silence for longer than this is a break: the server says something at least every 15 s. */
  silenceMs?: number
  fetch?: typeof globalThis.fetch
}

/** Why following ended for good. RESYNC_REQUIRED: read the messages again and follow from their `eventCursor`. */
export class FollowError extends Error {
  override readonly name = 'FollowError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

type Refusal = { code: string; message: string; waitMs?: number | undefined; final?: boolean }

/** A break that has passed when one comes back with the last cursor. Everything else is final. */
const passing = new Set([
  'NETWORK',
  'DRAINING',
  'MAX_AGE',
  'SLOW_CONSUMER',
  'OVERLOADED',
  'RATE_LIMITED',
  'QUOTA_EXCEEDED', // of streams: another one may end
  'STORAGE_UNAVAILABLE',
  'AUTH_UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
])

/** The credential is at its end: worth one attempt with new headers. */
const renewable = new Set(['UNAUTHENTICATED', 'SESSION_EXPIRED'])

/** A stream that stood for so long was no attempt in vain, however quiet it was. */
const stoodMs = 10_000

/** A server says that it is there before it refuses: for so long after its first sign nobody is told that it listens. */
const settlesMs = 100

/**
 * Follows a subscription over every break: each event once, none lost. Ends when the server says that it is complete (the
 * run has ended) or the signal aborts; throws FollowError when it cannot go on. Leaving the loop closes the stream.
 */
export async function* follow<Event extends object>(options: FollowOptions): AsyncGenerator<Event, void> {
  let { after } = options
  let inVain = 0
  let renewed = false
  const worked = () => {
    inVain = 0
    renewed = false
  }
  while (!options.signal?.aborted) {
    let opened = Infinity
    const noting = () => {
      opened = Date.now()
      options.onOpen?.()
    }
    const attempt = read<Event>({ ...options, onOpen: noting }, after)
    let refusal: Refusal | null = null
    try {
      for (;;) {
        const next = await attempt.next()
        if (next.done) {
          refusal = next.value
          break
        }
        if ('cursor' in next.value && typeof next.value.cursor === 'string') after = next.value.cursor
        worked()
        yield next.value
      }
    } finally {
      await attempt.return(null)
    }
    if (!refusal || options.signal?.aborted) return
    if (Date.now() - opened >= stoodMs) worked()
    const { code, message } = refusal
    const again = !refusal.final && (renewable.has(code) ? !renewed : passing.has(code))
    renewed ||= renewable.has(code)
    inVain++
    if (!again || inVain >= (options.attempts ?? Infinity)) throw new FollowError(code, message)
    const waitMs = refusal.waitMs ?? Math.min(10_000, 200 * 2 ** Math.min(inVain, 10)) * (0.5 + Math.random() / 2)
    options.onBreak?.(code, waitMs)
    await pause(waitMs, options.signal)
  }
}

/** One connection. Gives the reason when it was not the server's own end. */
async function* read<Event>(
  options: FollowOptions,
  after: string | null | undefined,
): AsyncGenerator<Event, Refusal | null> {
  const { url, query, variables, headers, onOpen, silenceMs = 37_500, signal } = options
  const waiting: Event[] = []
  let end: { refusal: Refusal | null } | undefined
  let wake = () => {}
  let settling: ReturnType<typeof setTimeout> | undefined
  let open = () => {
    open = () => {}
    clearTimeout(settling)
    onOpen?.()
  }
  const heard = () => {
    settling ??= setTimeout(() => open(), settlesMs)
  }
  const finish = (refusal: Refusal | null) => {
    end ??= { refusal }
    clearTimeout(settling)
    wake()
  }
  let complete = false
  const client = createClient({
    url,
    retryAttempts: 0,
    fetchFn: noticingSilence(options.fetch ?? globalThis.fetch, silenceMs, heard),
    ...(headers && { headers }),
  })
  const leave = client.subscribe<Record<string, Event>>(
    { query, variables: { ...variables, ...(after != null && { after }) } },
    {
      next: ({ data, errors }) => {
        const [error] = errors ?? []
        const event = data && Object.values(data)[0]
        if (error) return finish(refusalIn(error))
        if (event && !end) {
          open()
          waiting.push(event)
        }
        wake()
      },
      error: async (error) => finish(await refusalOf(error)),
      complete: () => finish(complete ? null : { code: 'NETWORK', message: 'The stream was cut.' }),
    },
    {
      message: ({ event }) => {
        complete ||= event === 'complete'
      },
    },
  )
  const stop = () => finish(null)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    for (;;) {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) yield event
      if (end) return end.refusal
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    clearTimeout(settling)
    leave()
  }
}

type Told = { message: string; extensions?: Record<string, unknown> | undefined }

function refusalIn({ message, extensions }: Told): Refusal {
  const { code, retryAfterMs } = extensions ?? {}
  return {
    code: typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR',
    message,
    ...(typeof retryAfterMs === 'number' && { waitMs: retryAfterMs }),
  }
}

async function refusalOf(error: unknown): Promise<Refusal> {
  if (error instanceof FollowError) return { code: error.code, message: error.message, final: true }
  const response = error instanceof NetworkError ? (error as NetworkError<Response>).response : undefined
  if (!response) return { code: 'NETWORK', message: error instanceof Error ? error.message : String(error) }
  const body: { errors?: Told[] } | null = await response.json().catch(() => null)
  if (body?.errors?.[0]) return refusalIn(body.errors[0])
  const waitMs = Number(response.headers.get('retry-after') ?? Number.NaN) * 1_000
  return {
    code: response.status >= 500 || response.status === 429 ? 'NETWORK' : `HTTP_${response.status}`,
    message: `HTTP ${response.status}`,
    ...(Number.isFinite(waitMs) && { waitMs }),
  }
}

/**
 * A half-open connection is silent for ever: a `fetch` whose answer fails when not even a heartbeat arrives in time. `heard`
 * is told of each piece of an answer that is no refusal.
 */
function noticingSilence(fetch: typeof globalThis.fetch, ms: number, heard: () => void): typeof globalThis.fetch {
  return async (input, init) => {
    const silent = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const arm = () => {
      clearTimeout(timer)
      timer = setTimeout(() => silent.abort(new Error('Nothing was heard any more.')), ms)
    }
    const disarm = () => clearTimeout(timer)
    init?.signal?.addEventListener('abort', disarm, { once: true })
    arm()
    try {
      const signal = init?.signal ? AbortSignal.any([init.signal, silent.signal]) : silent.signal
      const response = await fetch(input, { ...init, signal })
      if (!response.body) {
        disarm()
        return response
      }
      const watched = response.body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            arm()
            if (response.ok) heard()
            controller.enqueue(chunk)
          },
          flush: disarm,
        }),
      )
      return new Response(watched, response)
    } catch (error) {
      disarm()
      throw error
    }
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}
