export type StreamOptions = {
  /** Of the request: aborts when the reader leaves. */
  signal: AbortSignal
  heartbeatSeconds: number
  headers?: Record<string, string>
}

/**
 * Answers with server-sent events, one `data:` line each, as fast as the reader takes them and no faster. A comment keeps
 * a silent stream open. The signal given to the source aborts as soon as the reader has left; the source must end then.
 */
export function eventStream<T>(
  source: (signal: AbortSignal) => AsyncGenerator<T, void>,
  options: StreamOptions,
): Response {
  const gone = new AbortController()
  const events = source(AbortSignal.any([options.signal, gone.signal]))
  let heartbeat: NodeJS.Timeout | undefined

  function leave(): void {
    clearInterval(heartbeat)
    gone.abort()
    // It may be waiting for its next event, and then ends by the signal: nobody is left to hear how.
    events.return().catch(() => {})
  }

  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // A reader that does not take the last comment needs no other one.
        const beat = () => (controller.desiredSize ?? 0) > 0 && controller.enqueue(encode(': ping\n\n'))
        heartbeat = setInterval(beat, options.heartbeatSeconds * 1_000)
      },
      async pull(controller) {
        const next = await events.next().catch((error) => {
          leave()
          throw error
        })
        if (gone.signal.aborted) return
        if (next.done) {
          clearInterval(heartbeat)
          controller.close()
        } else {
          controller.enqueue(encode(`data: ${JSON.stringify(next.value)}\n\n`))
          heartbeat?.refresh()
        }
      },
      cancel: leave,
    },
    { highWaterMark: 1 },
  )
  return new Response(body, { headers: { ...streamHeaders, ...options.headers } })
}

/** Nothing on the way may keep events back or change them. */
const streamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

const encoder = new TextEncoder()
const encode = (text: string) => encoder.encode(text)
