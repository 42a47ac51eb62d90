import { type Bell, type Listener, ProcessBell } from './bell.ts'
import type { Connect, Connection } from './connection.ts'

const channel = 'parley_bell'
const maxPayloadBytes = 7_900
const reconnectMs = 500

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
  #sending = false
  #closed = false
  #process = crypto.randomUUID()

  constructor(connect: Connect) {
    this.#connect = connect
  }

  /** Listens from now on; comes back by itself after a lost connection. Rejects when the first connection fails. */
  async begin(): Promise<void> {
    await this.#open()
  }

  ring(topic: string, hint?: string): void {
    this.#local.ring(topic, hint)
    this.#rings.set(`${topic} ${hint ?? ''}`, hint === undefined ? [topic] : [topic, hint])
    if (this.#sending) return
    this.#sending = true
    setImmediate(() => void this.#send())
  }

  ringHere(topic: string, hint?: string): void {
    this.#local.ring(topic, hint)
  }

  listen(topic: string, signal: AbortSignal): Listener {
    return this.#local.listen(topic, signal)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#local.close()
    await this.#client?.end().catch(() => {})
  }

  async #open(): Promise<void> {
    const client = await this.#connect()
    client.on('notification', ({ payload }) => this.#hear(payload ?? ''))
    client.on('end', () => void this.#comeBack(client))
    await client.query(`listen ${channel}`)
    this.#client = client
  }

  async #comeBack(lost: Connection): Promise<void> {
    if (this.#client === lost) this.#client = undefined
    while (!this.#closed) {
      await new Promise((resolve) => setTimeout(resolve, reconnectMs))
      try {
        await this.#open()
        return this.#local.ringAll()
      } catch {
        // The database is still away.
      }
    }
  }

  /** What rang while one notification was on its way goes with the next. */
  async #send(): Promise<void> {
    try {
      while (this.#rings.size > 0 && this.#client) {
        const rings = [...this.#rings.values()]
        this.#rings.clear()
        for (const payload of payloads(this.#process, rings))
          await this.#client.query('select pg_notify($1, $2)', [channel, payload])
      }
    } catch {
      // The connection is lost: those who wait look by themselves.
    } finally {
      this.#rings.clear()
      this.#sending = false
    }
  }

  #hear(payload: string): void {
    const [process, ...rings] = JSON.parse(payload) as [string, ...Ring[]] // written by `payloads` below
    if (process !== this.#process) for (const [topic, hint] of rings) this.#local.ring(topic, hint)
  }
}

function payloads(process: string, rings: Ring[]): string[] {
  const texts: string[] = []
  let batch: Ring[] = []
  for (const ring of rings) {
    if (Buffer.byteLength(JSON.stringify([process, ...batch, ring])) > maxPayloadBytes) {
      texts.push(JSON.stringify([process, ...batch]))
      batch = []
    }
    batch.push(ring)
  }
  return [...texts, JSON.stringify([process, ...batch])]
}
