/**
 * Wakes readers when something is new. A ring carries no data beyond a short hint: the table is the truth, and a
 * thousand rings of one topic are one for a listener that was busy.
 */
export interface Bell {
  /** Something is new under this topic, such as `run:<id>`. `hint` says what, for topics where readers ask. */
  ring(topic: string, hint?: string): void
  /** The same for listeners of this process alone. */
  ringHere(topic: string, hint?: string): void
  /** From now on this listener hears the topic. The signal closes it, which also wakes it. */
  listen(topic: string, signal: AbortSignal): Listener
  close(): Promise<void>
}

/** More hints than this in one wait are too many to keep: the oldest go. */
const maxHints = 1_000

/** One flag per reader, and the hints since it last looked. */
export class Listener {
  readonly signal: AbortSignal
  #rung = false
  #hints = new Set<string>()
  #wake: (() => void) | undefined
  #forget: () => void

  constructor(signal: AbortSignal, forget: () => void) {
    this.signal = signal
    this.#forget = forget
    signal.addEventListener('abort', this.#abort)
  }

  ring(hint?: string): void {
    this.#rung = true
    if (hint !== undefined) {
      this.#hints.delete(hint)
      this.#hints.add(hint)
      if (this.#hints.size > maxHints) this.#hints.delete(this.#hints.values().next().value ?? '')
    }
    this.#wake?.()
  }

  /** Resolves at the next ring (at once if one came since the last call), after `timeoutMs`, or when closed. Never rejects. */
  async next(timeoutMs?: number): Promise<string[]> {
    if (!this.#rung && !this.signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs)
      await promise
      clearTimeout(timer)
      this.#wake = undefined
    }
    this.#rung = false
    const hints = [...this.#hints]
    this.#hints.clear()
    return hints
  }

  close(): void {
    this.signal.removeEventListener('abort', this.#abort)
    this.#forget()
    this.#wake?.()
  }

  #abort = () => this.close()
}

/** The bell of one process: flags only. */
export class ProcessBell implements Bell {
  #listeners = new Map<string, Set<Listener>>()

  ring(topic: string, hint?: string): void {
    this.ringHere(topic, hint)
  }

  ringHere(topic: string, hint?: string): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener.ring(hint)
  }

  listen(topic: string, signal: AbortSignal): Listener {
    const listeners = this.#listeners.get(topic) ?? new Set()
    this.#listeners.set(topic, listeners)
    const listener = new Listener(signal, () => {
      listeners.delete(listener)
      // One that is closed twice must not take the place of those who came in between.
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic)
    })
    listeners.add(listener)
    if (signal.aborted) listener.close()
    return listener
  }

  /** Wakes every listener: for what may have been missed. */
  ringAll(): void {
    for (const listeners of this.#listeners.values()) for (const listener of listeners) listener.ring()
  }

  async close(): Promise<void> {
    for (const listeners of [...this.#listeners.values()]) for (const listener of [...listeners]) listener.close()
  }
}
