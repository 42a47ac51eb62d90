import { accessToken, mutate } from '~/api.ts'
import { browserZone } from '~/clock.tsx'
import { Stop } from '~/sending.ts'

const leavingMs = 300

/**
 * The `fetch` that ChatKit talks to our server with: it shows the token, says where the person is, and turns ChatKit's way
 * of stopping (it merely aborts its request) into `stopRun`. An abort because the person goes elsewhere is no stop: the
 * answer goes on.
 */
export function createChatkitFetch() {
  let left = Number.NEGATIVE_INFINITY
  const readings = createReadings()
  /** Says that the thread is changed or the page left: aborts around this moment are no stops. */
  const leaving = () => {
    left = performance.now()
  }
  const onAbort = (runId: string) => {
    const aborted = performance.now()
    setTimeout(() => {
      if (Math.abs(left - aborted) > leavingMs) void stop(runId)
    }, leavingMs)
  }
  const fetch: typeof globalThis.fetch = async (input, init) => {
    if (init && isReading(init.body)) return readings.read(input, init)
    const response = await authorized(input, init)
    const runId = response.headers.get('x-parley-run')
    const signal = init?.signal
    if (!runId || !signal || !response.body) return response
    const abort = () => onAbort(runId)
    signal.addEventListener('abort', abort, { once: true })
    const body = response.body.pipeThrough(
      new TransformStream({ flush: () => signal.removeEventListener('abort', abort) }),
    )
    return new Response(body, response)
  }
  return { fetch, leaving, cutReading: readings.cut }
}

/** A thread comes with its first items; the others are asked for one page after the other. */
const readingTypes: readonly unknown[] = ['threads.get_by_id', 'items.list']

const isReading = (body: RequestInit['body']) =>
  typeof body === 'string' && readingTypes.includes((JSON.parse(body) as { type?: unknown }).type)

/** What is being read of a thread, which can be broken off together. */
function createReadings() {
  let controller = new AbortController()
  let open = 0
  const read = async (input: RequestInfo | URL, init: RequestInit) => {
    const signals = [controller.signal, ...(init.signal ? [init.signal] : [])]
    open += 1
    try {
      const response = await authorized(input, { ...init, signal: AbortSignal.any(signals) })
      // Handed over whole: nothing of it can arrive after it was broken off.
      return new Response(await response.arrayBuffer(), response)
    } finally {
      open -= 1
    }
  }
  /** Whoever reads hears that the line was cut. Gives whether anything was being read. */
  const cut = () => {
    controller.abort()
    controller = new AbortController()
    return open > 0
  }
  return { read, cut }
}

async function authorized(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, await withToken(init, false))
  return response.status === 401 ? fetch(input, await withToken(init, true)) : response
}

async function withToken(init: RequestInit | undefined, renew: boolean): Promise<RequestInit> {
  const headers = new Headers(init?.headers)
  headers.set('authorization', `Bearer ${await accessToken({ renew })}`)
  // ChatKit says nothing of it, and “Friday” depends on it.
  headers.set('x-parley-time-zone', browserZone())
  return { ...init, headers }
}

async function stop(runId: string) {
  try {
    await mutate(Stop, { input: { runId } })
  } catch {
    // It has ended by itself, or the page's own notice says that the server is away.
  }
}
