import { noteAway, noteBack } from '../outage.ts'
import { type Bell, type Listener, ProcessBell } from './bell.ts'
import type { Connect, Connection } from './connection.ts'

const channel = 'parley_bell'
const maxPayloadBytes = 7_900
const reconnectMs = 500
/** A connection that has not answered for so long is taken for lost. */
const answerMs = 10_000
const lookMs = 15_000
/** While the connection is away rings wait; beyond this many the oldest go, and readers find out by themselves. */
const maxWaiting = 10_000

type Ring = [topic: string, hint?: string]

/**
 * The bell between processes: flags here, `NOTIFY` to the others, in a statement of its own once per tick. It is only a
 * bell: when its connection is lost rings are missed, so after reconnecting everybody looks, and readers poll besides.
 */
export class PostgresBell implements Bell {
  #local = new ProcessBell()
  #connect: Connect
  #client: Connection | undefined
  #rings = new Map<string, Ring>()
  #sending: Promise<void> | undefined
  #closing = new AbortController()
  #process = crypto.randomUUID()
  #look: NodeJS.Timeout | undefined

  constructor(connect: Connect) {
    this.#connect = connect
  }

  /** Listens from now on; comes back by itself after a lost connection. Rejects when the first connection fails. */
  async begin(): Promise<void> {
    await this.#open()
    // A line that was cut in silence shows only when something is asked of it.
    this.#look = setInterval(() => this.#client && void ask(this.#client, 'select').catch(() => {}), lookMs).unref()
  }

  ring(topic: string, hint?: string): void {
    this.#local.ring(topic, hint)
    const ring: Ring = hint === undefined ? [topic] : [topic, hint]
    this.#rings.set(nameOf(ring), ring)
    if (this.#rings.size > maxWaiting) this.#rings.delete(this.#rings.keys().next().value ?? '')
    this.#sendSoon()
  }

  ringHere(topic: string, hint?: string): void {
    this.#local.ring(topic, hint)
  }

  listen(topic: string, signal: AbortSignal): Listener {
    return this.#local.listen(topic, signal)
  }

  /** What rang before is still sent. */
  async close(): Promise<void> {
    clearInterval(this.#look)
    await this.#sending
    this.#closing.abort()
    await this.#local.close()
    await this.#client?.end().catch(() => {})
  }

  async #open(): Promise<void> {
    const client = await this.#connect()
    const lost = new Promise<void>((resolve) => client.on('end', resolve))
    client.on('notification', ({ payload }) => this.#hear(payload ?? ''))
    try {
      await client.query(`listen ${channel}`)
    } catch (error) {
      await client.end().catch(() => {})
      throw error
    }
    if (this.#closing.signal.aborted) return client.end().catch(() => {})
    this.#client = client
    void lost.then(() => this.#comeBack())
  }

  async #comeBack(): Promise<void> {
    this.#client = undefined
    while (!this.#closing.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, reconnectMs))
      if (this.#closing.signal.aborted) return
      try {
        await this.#open()
        noteBack()
        this.#sendSoon()
        return this.#local.ringAll()
      } catch (error) {
        noteAway(error)
      }
    }
  }

  /** Everything that rings in one tick goes together, and what rings while that is on its way goes with the next. */
  #sendSoon(): void {
    if (!this.#client || this.#rings.size === 0) return
    this.#sending ??= this.#send(this.#client).finally(() => {
      this.#sending = undefined
      this.#sendSoon()
    })
  }

  async #send(client: Connection): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    const rings = [...this.#rings.values()]
    this.#rings.clear()
    try {
      for (const payload of payloads(this.#process, rings))
        await ask(client, 'select pg_notify($1, $2)', [channel, payload])
    } catch {
      // They wait for the next connection; some may then ring twice, which says no more than once.
      for (const ring of rings) this.#rings.set(nameOf(ring), ring)
      this.#client = undefined
      await client.end().catch(() => {})
    }
  }

  #hear(payload: string): void {
    const [process, ...rings] = JSON.parse(payload) as [string, ...Ring[]] // written by `payloads` below
    if (process !== this.#process) for (const [topic, hint] of rings) this.#local.ring(topic, hint)
  }
}

const nameOf = ([topic, hint = '']: Ring) => `${topic} ${hint}`

async function ask(client: Connection, statement: string, values?: unknown[]): Promise<void> {
  // Ending a connection with a question open destroys it, which fails the question too.
  const timer = setTimeout(() => void client.end().catch(() => {}), answerMs)
  await client.query(statement, values).finally(() => clearTimeout(timer))
}

/** As few as can be, each as long as PostgreSQL lets it be. */
function payloads(process: string, rings: Ring[]): string[] {
  const batches: Ring[][] = []
  let bytes = maxPayloadBytes
  for (const ring of rings) {
    const more = Buffer.byteLength(JSON.stringify(ring)) + 1
    if (bytes + more > maxPayloadBytes) {
      batches.push([])
      bytes = process.length + 4
    }
    bytes += more
    batches.at(-1)?.push(ring)
  }
  return batches.map((batch) => JSON.stringify([process, ...batch]))
}
