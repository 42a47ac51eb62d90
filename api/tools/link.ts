import { type Connection, ConnectionProblem } from './mcp-client.ts'

/**
 * One connection that is made when somebody needs it, and anew when it was lost. Who asks while it is being made waits
 * for the same one.
 */
export class Link {
  readonly #open: (signal: AbortSignal) => Promise<Connection>
  readonly #over = new AbortController()
  readonly #closing = new Set<Promise<void>>()
  #current: Promise<Connection> | undefined

  constructor(open: (signal: AbortSignal) => Promise<Connection>) {
    this.#open = open
  }

  /** Rejects with ConnectionProblem; the next one who asks tries again. */
  get(): Promise<Connection> {
    if (this.#over.signal.aborted) return Promise.reject(new ConnectionProblem('lost', 'The connection was closed.'))
    if (this.#current) return this.#current
    const made = this.#open(this.#over.signal)
    this.#current = made
    made.then(
      (connection) => void connection.ended.then(() => this.#forget(made)),
      () => this.#forget(made),
    )
    return made
  }

  /** This one is of no use any more. Another one that was made since is left alone. */
  async drop(connection: Connection, why: ConnectionProblem): Promise<void> {
    const current = this.#current
    this.#end(connection, why)
    if ((await current?.catch(() => null)) === connection) this.#forget(current)
  }

  /** Also one that is still being made, and those that were dropped. */
  async close(): Promise<void> {
    this.#over.abort()
    const connection = await this.#current?.catch(() => null)
    if (connection) this.#end(connection, new ConnectionProblem('lost', 'The connection was closed.'))
    await Promise.all(this.#closing)
  }

  #end(connection: Connection, why: ConnectionProblem): void {
    const closing = connection
      .close(why)
      .catch(() => {})
      .finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  #forget(made: Promise<Connection> | undefined): void {
    if (this.#current === made) this.#current = undefined
  }
}
