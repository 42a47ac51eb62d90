import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { stringifyDocument } from 'urql'
import { FollowError, follow } from '../../schema/follow.ts'
import { accessToken } from './api.ts'
import { Failure } from './failure.ts'

/** How the stream of this tab stands. */
export type Connection = 'connecting' | 'live' | 'reconnecting' | 'offline' | 'lost' | 'paused' | 'signed-out'

/** What somebody wants to follow. */
export type Wanted<Event extends object = object> = {
  /** A subscription with one field. */
  document: TypedDocumentNode<Record<string, unknown>, never>
  /** All but `after`. */
  variables: Record<string, unknown>
  /** The place to begin behind. From then on it is the cursor of the last event. */
  after?: string
  next: (event: Event) => void
  /** The server is listening for us; `first` is false when something may have been missed since the last time. */
  opened?: (first: boolean) => void
  /** The place to go on from is no longer kept: read everything again. */
  resync?: () => void
  /** What was followed does not exist any more. */
  gone?: () => void
}

const attemptsInVain = 8
/**
 * A server that was away for long is back some time, and nobody should have to press anything then. Each pause in which
 * nothing came is twice as long as the one before.
 */
const lostForMs = 15_000
const longestPauseMs = 60_000
/** A stream that stood for so long was of use, however quiet it was. */
const stoodMs = 10_000
const signedOut = 'SIGNED_OUT'
/** A stream that ends without a reason belongs to something that was deleted: the next attempt says so. */
const complete = 'COMPLETE'
const completeForMs = 250

/** How far one that is followed has come, and how often in a row the stream was asked for and brought nothing. */
type Place = { after: string | null; first: boolean; inVain: number }

const pauseAfter = ({ inVain }: Place, firstMs: number) =>
  Math.min(longestPauseMs, firstMs * 2 ** Math.max(0, inVain - 1))

/**
 * The one event stream of this tab: more would use up the six connections that a browser keeps to a host. Who asked last
 * is served; when that one is done with, the one before is. Closed while the tab is hidden and while it is held.
 */
export class TabStream {
  #wanted: Wanted[] = []
  #served: Wanted | null = null
  #serving = new AbortController()
  #attempt = new AbortController()
  #pausing = false
  #renew = false
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
  follow<Event extends object>(wanted: Wanted<Event>, { background = false } = {}): () => void {
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
    if (!this.#allowed() || this.#pausing) this.#attempt.abort()
    this.#wake()
  }

  /** Asks for the stream anew: when the network goes, one that stands tells nothing, and could do so for long. */
  again(): void {
    this.#attempt.abort()
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
    const place: Place = { after: wanted.after ?? null, first: true, inVain: 0 }
    this.#say('connecting')
    while (!signal.aborted) {
      if (!this.#allowed()) this.#say('paused')
      else {
        if (this.#connection !== 'connecting') this.#say(place.first ? 'connecting' : 'reconnecting')
        this.#attempt = new AbortController()
        const ended = AbortSignal.any([signal, this.#attempt.signal])
        const code = await this.#read(wanted, place, ended)
        this.#pausing = false
        if (ended.aborted) continue
        place.inVain++
        if (code === 'NOT_FOUND') return wanted.gone?.()
        if (code === complete) {
          await this.#woken(signal, pauseAfter(place, completeForMs))
          continue
        }
        if (code === 'RESYNC_REQUIRED' || code === 'BAD_USER_INPUT') return wanted.resync?.()
        if (code === signedOut) return this.#say('signed-out')
        this.#say(navigator.onLine ? 'lost' : 'offline')
      }
      await this.#woken(signal, this.#allowed() ? pauseAfter(place, lostForMs) : null)
    }
  }

  /** Goes on over all breaks that pass by themselves. Gives the code of the one that did not. */
  async #read(wanted: Wanted, place: Place, ended: AbortSignal): Promise<string> {
    const { document, variables } = wanted
    let openedAt = Infinity
    const over = () => {
      if (Date.now() - openedAt >= stoodMs) place.inVain = 0
      openedAt = Infinity
    }
    const opened = () => {
      openedAt = Date.now()
      this.#say('live')
      wanted.opened?.(place.first)
      place.first = false
    }
    const broken = (code: string) => {
      over()
      this.#pausing = true
      this.#renew = code === 'UNAUTHENTICATED' || code === 'SESSION_EXPIRED'
      this.#say(navigator.onLine ? 'reconnecting' : 'offline')
    }
    try {
      for await (const event of follow({
        ...{ url: '/graphql', query: stringifyDocument(document), variables, after: place.after },
        ...{ headers: () => this.#credential(), attempts: attemptsInVain, signal: ended },
        ...{ onOpen: () => ended.aborted || opened(), onBreak: broken },
      })) {
        if (ended.aborted) break
        place.inVain = 0
        if ('cursor' in event && typeof event.cursor === 'string') place.after = event.cursor
        wanted.next(event)
      }
      return complete
    } catch (error) {
      if (error instanceof FollowError) return error.code
      throw error
    } finally {
      over()
    }
  }

  /** Asked before each attempt: a token that ended is renewed; a session that ended is the end. */
  async #credential(): Promise<Record<string, string>> {
    this.#pausing = false
    try {
      return { authorization: `Bearer ${await accessToken({ renew: this.#renew })}` }
    } catch (error) {
      if (error instanceof Failure && error.code === 'UNAUTHENTICATED') throw new FollowError(signedOut, error.message)
      throw error
    }
  }

  /** Until somebody or something looks whether to be connected, or the time is over. */
  #woken(signal: AbortSignal, ms: number | null): Promise<void> {
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
