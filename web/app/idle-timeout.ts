/**
 * A `fetch` whose answer fails when nothing arrives for `ms`: a half-open connection would stay silent for ever. The
 * server's heartbeats count as something.
 */
export function withIdleTimeout(fetch: typeof globalThis.fetch, ms: number): typeof globalThis.fetch {
  return async (input, init) => {
    const idle = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const arm = () => {
      clearTimeout(timer)
      timer = setTimeout(() => idle.abort(new DOMException('The stream fell silent.', 'TimeoutError')), ms)
    }
    const signal = init?.signal ? AbortSignal.any([init.signal, idle.signal]) : idle.signal
    // An ended or aborted stream must not leave a timer behind.
    init?.signal?.addEventListener('abort', () => clearTimeout(timer), { once: true })
    arm()
    try {
      const { body, ...response } = await open(fetch(input, { ...init, signal }))
      if (!body) {
        clearTimeout(timer)
        return new Response(null, response)
      }
      const watched = body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            arm()
            controller.enqueue(chunk)
          },
          flush: () => clearTimeout(timer),
        }),
      )
      return new Response(watched, response)
    } catch (error) {
      clearTimeout(timer)
      throw error
    }
  }
}

async function open(response: Promise<Response>) {
  const { body, status, statusText, headers } = await response
  return { body, status, statusText, headers }
}
