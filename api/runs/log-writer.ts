import type { Bell } from '../bell/bell.ts'
import { isAway } from '../outage.ts'
import type { StoredEvent } from './run-event.ts'

/** A stretch of deltas of one message, named by its last number. */
export type Chunk = {
  runId: string
  conversationId: string
  attempt: number
  lastSeq: number
  event: Extract<StoredEvent, { type: 'deltas' }>
}

/** Stores chunks of any runs in one statement; those of a run that is gone or was taken over are left out. */
export type StoreChunks = (chunks: readonly Chunk[]) => Promise<void>

const firstDelayMs = 15
const delayMs = 250
const enoughCharacters = 1_024
const retryMs = 250

/** What one run has for the table: `growing` is the last of `open` and takes more; nothing sent once ever grows. */
type Pending = { open: Chunk[]; growing?: Chunk; characters: number; written: Chunk[]; messageId?: string }

/**
 * Puts the deltas of all runs of this process into the table, chunk by chunk: one statement, one at a time, in the
 * background. A slow database makes bigger chunks. Their commits do not wait for the disk, so what was written stays
 * here until a synchronous commit took it along, and is written again when the connection was lost before that.
 */
export class LogWriter {
  #store: StoreChunks
  #bell: Bell
  #runs = new Map<string, Pending>()
  #timer: { at: number; handle: NodeJS.Timeout } | undefined
  #inFlight: Promise<void> | undefined

  constructor(store: StoreChunks, bell: Bell) {
    this.#store = store
    this.#bell = bell
  }

  /** Takes one delta; the table has it soon. */
  add(
    run: { id: string; conversationId: string; attempt: number },
    seq: number,
    messageId: string,
    text: string,
  ): void {
    const pending = this.#pending(run.id)
    if (pending.growing?.event.messageId === messageId) {
      pending.growing.event.texts.push(text)
      pending.growing.lastSeq = seq
    } else {
      const event: Chunk['event'] = { type: 'deltas', messageId, texts: [text] }
      pending.growing = { runId: run.id, conversationId: run.conversationId, attempt: run.attempt, lastSeq: seq, event }
      pending.open.push(pending.growing)
      pending.characters = 0
    }
    pending.characters += text.length
    const isFirst = pending.messageId !== messageId
    pending.messageId = messageId
    this.#schedule(isFirst ? firstDelayMs : pending.characters >= enoughCharacters ? 0 : delayMs)
  }

  /** Resolves when no batch is under way. Never rejects. */
  async settled(): Promise<void> {
    while (this.#inFlight) await this.#inFlight
  }

  /**
   * The run's deltas since its last synchronous commit: the caller stores them with its own, or gives them back. Most are
   * in the table already; which of them a server that fell in between has lost is not for us to know.
   */
  take(runId: string): Chunk[] {
    const pending = this.#pending(runId)
    const { written } = pending
    pending.written = []
    return [...written, ...takeOpen(pending)]
  }

  giveBack(runId: string, chunks: readonly Chunk[]): void {
    if (chunks.length === 0) return
    this.#pending(runId).open.unshift(...chunks)
    this.#schedule(retryMs)
  }

  /** The run is over, or no longer ours. */
  forget(runId: string): void {
    this.#runs.delete(runId)
  }

  /** The connection was lost: what went over it last may not have reached the disk. */
  writeAgain(): void {
    for (const [runId, pending] of this.#runs) {
      const chunks = pending.written
      pending.written = []
      this.giveBack(runId, chunks)
    }
  }

  /** Stores what is there, once, and ends. */
  async close(): Promise<void> {
    await this.settled()
    await this.#write()
    if (this.#timer) clearTimeout(this.#timer.handle)
  }

  #pending(runId: string): Pending {
    const found = this.#runs.get(runId) ?? { open: [], characters: 0, written: [] }
    this.#runs.set(runId, found)
    return found
  }

  #schedule(ms: number): void {
    const at = Date.now() + ms
    if (this.#timer && this.#timer.at <= at) return
    if (this.#timer) clearTimeout(this.#timer.handle)
    const handle = setTimeout(() => {
      this.#timer = undefined
      if (this.#inFlight) return this.#schedule(firstDelayMs)
      this.#inFlight = this.#write().finally(() => {
        this.#inFlight = undefined
      })
    }, ms)
    this.#timer = { at, handle }
  }

  async #write(): Promise<void> {
    const batch = [...this.#runs]
      .map(([runId, pending]) => ({ runId, chunks: takeOpen(pending) }))
      .filter((it) => it.chunks.length > 0)
    if (batch.length === 0) return
    try {
      await this.#store(batch.flatMap(({ chunks }) => chunks))
      for (const { runId, chunks } of batch) this.#told(runId, chunks)
    } catch (error) {
      for (const { runId, chunks } of batch)
        if (isAway(error)) this.#keepForLater(runId, chunks)
        else await this.#writeAlone(runId, chunks)
    }
  }

  /** One bad run must not fail the others. What still fails waits for the next try. */
  async #writeAlone(runId: string, chunks: Chunk[]): Promise<void> {
    try {
      await this.#store(chunks)
      this.#told(runId, chunks)
    } catch {
      this.#keepForLater(runId, chunks)
    }
  }

  #keepForLater(runId: string, chunks: Chunk[]): void {
    if (this.#runs.has(runId)) this.giveBack(runId, chunks)
  }

  #told(runId: string, chunks: Chunk[]): void {
    this.#runs.get(runId)?.written.push(...chunks)
    for (const { conversationId } of chunks.slice(-1)) this.#bell.ring(`conversation:${conversationId}`)
  }
}

function takeOpen(pending: Pending): Chunk[] {
  const { open } = pending
  pending.open = []
  pending.growing = undefined
  return open
}
