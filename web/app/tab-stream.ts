import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { createClient, NetworkError } from 'graphql-sse'
import { stringifyDocument } from 'urql'
import { accessToken } from './api.ts'
import { Failure } from './failure.ts'
import { withIdleTimeout } from './idle-timeout.ts'

/** How the stream of this tab stands. */
export type Connection = 'connecting' | 'live' | 'reconnecting' | 'offline' | 'lost' | 'paused' | 'signed-out'

/** What somebody wants to follow. */
export type Wanted<Data = unknown> = {
  document: TypedDocumentNode<Data, never>
  /** Asked before each attempt: where reading goes on may have moved. */
  variables: () => Record<string, unknown>
  next: (data: Data) => void
  /** The server is listening for us; `first` is false when something may have been missed since the last time. */
  opened?: (first: boolean) => void
  /** The place to go on from is no longer kept: read everything again. */
  resync?: () => void
  /** What was followed does not exist any more. */
  gone?: () => void
}

type Ending = { code: string }

/** Two and a half heartbeats of the server (15 s). */
const silenceMs = 37_500
const attemptsInVain = 8
const longestWaitMs = 8_000

/**
 * The one event stream of this tab: more would use up the six connections that a browser keeps to a host. Who asked last
 * is served; when that one is done with, the one before is. Closed while the tab is hidden and while it is held.
 */
export class TabStream {
  #wanted: Wanted[] = []
  #served: Wanted | null = null
  #serving = new AbortController()
  #attempt = new AbortController()
  #holds = 0
  #connection: Connection = 'connecting'
  #watchers = new Set<() => void>()
  #wake = () => {}

  get connection(): Connection {
    return this.#connection
  }

  watch(tell: () => void): () => void {
    this.#watchers.add(tell)
    return () => this.#watchers.delete(tell)
  }

  /** Follows until the function that is given back is called; in the background: when nothing else is followed. */
  follow<Data>(wanted: Wanted<Data>, { background = false } = {}): () => void {
    const entry = wanted as Wanted
    if (background) this.#wanted.unshift(entry)
    else this.#wanted.push(entry)
    this.#settleSoon()
    return () => {
      this.#wanted = this.#wanted.filter((it) => it !== entry)
      this.#settleSoon()
    }
  }

  /** Closes the stream, as while another one brings the same things, until the function that is given back is called. */
  hold(): () => void {
    this.#holds++
    this.reconsider()
    let released = false
    return () => {
      if (released) return
      released = true
      this.#holds--
      this.reconsider()
    }
  }

  /** Looks at once whether to be connected: after the tab was shown or hidden, the network came back, or on a person's wish. */
  reconsider(): void {
    if (!this.#allowed()) this.#attempt.abort()
    this.#wake()
  }

  #allowed(): boolean {
    return this.#holds === 0 && document.visibilityState !== 'hidden'
  }

  /** A page that replaces another asks before that one lets go, or after: only what is wanted in the end counts. */
  #settleSoon() {
    queueMicrotask(() => {
      const top = this.#wanted.at(-1) ?? null
      if (top === this.#served) return
      this.#serving.abort()
      this.#served = top
      this.#serving = new AbortController()
      if (top) void this.#serve(top, this.#serving.signal)
    })
  }

  async #serve(wanted: Wanted, signal: AbortSignal) {
    let inVain = 0
    let first = true
    this.#say('connecting')
    while (!signal.aborted) {
      if (!this.#allowed()) {
        this.#say('paused')
        await this.#sleep(null, signal)
        continue
      }
      if (this.#connection === 'paused') this.#say(first ? 'connecting' : 'reconnecting')
      let heard = false
      const ending = await this.#read(wanted, signal, {
        opened: () => {
          this.#say('live')
          wanted.opened?.(first)
          first = false
        },
        heard: () => {
          heard = true
        },
      })
      if (signal.aborted || !this.#allowed()) continue
      if (ending.code === 'NOT_FOUND') return wanted.gone?.()
      if (ending.code === 'RESYNC_REQUIRED' || ending.code === 'BAD_USER_INPUT') return wanted.resync?.()
      if (!(await this.#mayGoOn(ending))) return this.#say('signed-out')
      inVain = heard ? 0 : inVain + 1
      await this.#pauseBefore(inVain, signal)
      if (inVain >= attemptsInVain) inVain = 0
    }
  }

  /** Waits as long as befits the number of attempts in vain; after too many, until somebody or something wakes it. */
  async #pauseBefore(inVain: number, signal: AbortSignal) {
    if (!navigator.onLine) this.#say('offline')
    else this.#say(inVain >= attemptsInVain ? 'lost' : 'reconnecting')
    const wait = Math.min(longestWaitMs, 250 * 2 ** inVain) * (0.6 + Math.random() * 0.4)
    await this.#sleep(inVain >= attemptsInVain ? null : wait, signal)
  }

  /** A token that ended is renewed; a session that ended is the end. */
  async #mayGoOn({ code }: Ending): Promise<boolean> {
    if (code !== 'UNAUTHENTICATED' && code !== 'SESSION_EXPIRED') return true
    try {
      await accessToken({ renew: true })
      return true
    } catch (error) {
      return !(error instanceof Failure && error.code === 'UNAUTHENTICATED')
    }
  }

  #read(wanted: Wanted, signal: AbortSignal, on: { opened: () => void; heard: () => void }): Promise<Ending> {
    this.#attempt = new AbortController()
    const aborted = AbortSignal.any([signal, this.#attempt.signal])
    return new Promise((resolve) => {
      const client = createClient({
        url: '/graphql',
        retryAttempts: 0,
        fetchFn: withIdleTimeout(fetch, silenceMs),
        headers: async () => ({ authorization: `Bearer ${await accessToken()}` }),
      })
      let ending: Ending = { code: 'NETWORK' }
      const unsubscribe = client.subscribe(
        { query: stringifyDocument(wanted.document), variables: wanted.variables() },
        {
          next: ({ data, errors }) => {
            if (aborted.aborted) return
            if (errors?.length) ending = { code: String(errors[0]?.extensions?.code ?? 'INTERNAL_SERVER_ERROR') }
            else if (data) {
              on.heard()
              wanted.next(data)
            }
          },
          error: (error) => resolve(endingOf(error)),
          complete: () => resolve(ending),
        },
        { connected: () => !aborted.aborted && on.opened() },
      )
      const leave = () => {
        unsubscribe()
        resolve(ending)
      }
      aborted.addEventListener('abort', leave, { once: true })
    })
  }

  #sleep(ms: number | null, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === null ? undefined : setTimeout(resolve, ms)
      const wake = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#wake = wake
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  #say(connection: Connection) {
    if (this.#connection === connection) return
    this.#connection = connection
    for (const tell of this.#watchers) tell()
  }
}

function endingOf(error: unknown): Ending {
  if (error instanceof Failure) return { code: error.code }
  if (error instanceof NetworkError && (error as NetworkError<Response>).response?.status === 401)
    return { code: 'UNAUTHENTICATED' }
  return { code: 'NETWORK' }
}
