import type { Units } from '../auth/units.ts'
import { owned, type Viewer } from '../auth/viewer.ts'
import { AppError } from '../errors.ts'
import { isBehind, writeCursor } from './cursor.ts'
import { Run } from './run.entity.ts'
import type { Position, RunEvent } from './run-event.ts'
import type { Placed, RunLog } from './run-log.ts'

/** What a reader is told. `cursor` is opaque: given back as `after`, reading goes on behind this event. */
export type Followed = {
  cursor: string
  conversationId: string
  /** Null for `conversation.updated`, which belongs to no run. */
  runId: string | null
  event: RunEvent | { type: 'conversation.updated' }
}

type TailParts = { units: Units; log: RunLog }

/** Reads one run's log from a position on. */
export class RunTail {
  run: Run
  /** Nothing more will come: it was read to its end, or the run was deleted. */
  over = false
  #parts: TailParts
  #viewer: Viewer
  #position: Position

  constructor(parts: TailParts, viewer: Viewer, run: Run, position: Position) {
    this.#parts = parts
    this.#viewer = viewer
    this.run = run
    this.#position = position
  }

  /** Whether something that lies before the reader is no longer kept. */
  get isSwept(): boolean {
    return this.run.logSweptAt != null && isBehind(this.#last, this.#position)
  }

  /** What is new; empty when nothing is. Throws RESYNC_REQUIRED when it was swept. */
  async read(): Promise<Followed[]> {
    // Cursors carry the number that a run gets when it starts.
    if (this.run.number == null) await this.#lookAgain()
    if (this.run.number == null) return []
    const found = await this.#parts.log.behind(this.run, this.#position)
    if (found.length === 0) await this.#lookWhy()
    if (found.length === 0 && this.isSwept) return this.#endedInQueue()
    this.#position = found.at(-1)?.position ?? this.#position
    if (found.at(-1)?.event.type === 'run.ended') this.over = true
    return found.map((placed) => this.#followed(placed))
  }

  /** The last event of an ended run, made from its row. */
  end(): Followed {
    return this.#followed({ position: this.#last, event: { type: 'run.ended' } })
  }

  get #last(): Position {
    return { attempt: this.run.attempt, seq: this.run.lastSeq }
  }

  async #lookWhy(): Promise<void> {
    if (this.#parts.log.writes(this.run.id)) return
    await this.#lookAgain()
    if (this.isSwept && this.run.startedAt) throw resyncRequired()
    if (this.run.ended && !isBehind(this.#last, this.#position)) this.over = true
  }

  /** It never ran, so the one event that it had is not lost: `eventCursor` stands before it for good, perhaps. */
  #endedInQueue(): Followed[] {
    this.over = true
    this.#position = this.#last
    return [this.end()]
  }

  async #lookAgain(): Promise<void> {
    const run = await this.#parts.units.as(this.#viewer).findOne(Run, { id: this.run.id, ...owned(this.#viewer) })
    if (!run) this.over = true
    this.run = run ?? this.run
  }

  #followed({ position, event }: Placed): Followed {
    const { id, conversationId, number } = this.run
    return { cursor: writeCursor({ conversationId, run: number ?? 0, ...position }), conversationId, runId: id, event }
  }
}

/** Something behind the reader's cursor is no longer kept. */
export function resyncRequired(): AppError {
  return new AppError(
    'RESYNC_REQUIRED',
    'The log behind this cursor is no longer kept. Read the messages, then follow from eventCursor.',
  )
}
