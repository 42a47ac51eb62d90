import { accessToken, mutate } from '~/api.ts'
import { browserZone } from '~/clock.tsx'
import { shownLanguage } from '~/language.tsx'
import { Stop } from '~/sending.ts'

const leavingMs = 300

/**
 * The `fetch` that ChatKit talks to our server with: it shows the token, says where the person is and which language the
 * page speaks, and turns ChatKit's way of stopping (it merely aborts its request) into `stopRun`. An abort because the
 * person goes elsewhere is no stop: the answer goes on.
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
  return { fetch, leaving, stopReading: readings.stop, allowReading: readings.allow }
}

/** A thread comes with its first items; the others are asked for one page after the other. */
const readingTypes: readonly unknown[] = ['threads.get_by_id', 'items.list']

const isReading = (body: RequestInit['body']) =>
  typeof body === 'string' && readingTypes.includes((JSON.parse(body) as { type?: unknown }).type)

/** What is read of a thread: one request or several, one after the other, which are broken off and refused together. */
function createReadings() {
  let controller = new AbortController()
  let cut = false
  const read = async (input: RequestInfo | URL, init: RequestInit) => {
    const { signal } = controller
    try {
      signal.throwIfAborted()
      const signals = [signal, ...(init.signal ? [init.signal] : [])]
      const response = await authorized(input, { ...init, signal: AbortSignal.any(signals) })
      // Handed over whole: nothing of it can arrive after it was broken off.
      return new Response(await response.arrayBuffer(), response)
    } finally {
      cut ||= signal.aborted
    }
  }
  const allow = () => {
    const wasCut = cut
    cut = false
    if (controller.signal.aborted) controller = new AbortController()
    return wasCut
  }
  return { read, allow, stop: () => controller.abort() }
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
  // The browser would name its own, not the one that was chosen here.
  headers.set('accept-language', shownLanguage())
  return { ...init, headers }
}

async function stop(runId: string) {
  try {
    await mutate(Stop, { input: { runId } })
  } catch {
    // It has ended by itself, or the page's own notice says that the server is away.
  }
}
