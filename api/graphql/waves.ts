/**
 * When look-ups ask the database: all that are wanted by then in one go, and only when everything that was asked before is
 * answered. Otherwise whichever answer came first would ask for the half of what hangs on it alone, and how many
 * statements a document costs would depend on how busy the database is. For `batchScheduleFn`; look-ups may not ask one another.
 */
export class Waves {
  #outstanding = 0
  #waiting: (() => void)[] = []

  /** Asks with the next wave. */
  readonly schedule = (ask: () => void): void => {
    this.#waiting.push(ask)
    this.#askSoon()
  }

  /** The next wave comes when this has ended, however it ends. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#outstanding++
    try {
      return await work()
    } finally {
      this.#outstanding--
      this.#askSoon()
    }
  }

  /** Behind all promises that are settled by now, so that what hangs on the last answers is wanted too. */
  #askSoon(): void {
    void Promise.resolve().then(() => process.nextTick(() => this.#ask()))
  }

  #ask(): void {
    if (this.#outstanding > 0) return
    for (const ask of this.#waiting.splice(0)) ask()
  }
}
