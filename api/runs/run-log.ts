import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Units } from '../auth/units.ts'
import type { Bell } from '../bell/bell.ts'
import { whileAway } from '../bell/connection.ts'
import { isAway } from '../outage.ts'
import { isBehind } from './cursor.ts'
import { LogWriter, type StoreChunks } from './log-writer.ts'
import type { FinishedEvent, Position, RunEvent, StoredEvent } from './run-event.ts'

/** The run that is written: `attempt` and `ownerId` fence every write. */
export type WrittenRun = {
  id: string
  userId: string
  conversationId: string
  number: number
  attempt: number
  ownerId: string
}

/** Another process took the run over, or it is gone: whoever works on it must stop and write nothing more. */
export class LostRun extends Error {
  override readonly name = 'LostRun'
}

/** An event with its place in the log of its run. */
export type Placed = { position: Position; event: RunEvent }

/** A reader that is far behind takes it piece by piece: it may be slow, and there may be many. */
const rowsPerRead = 200
const eventsPerRead = 500
const keptInMemory = 1_000
/** So long a run waits for a database that is away before it is let fall. */
export const patienceMs = 10_000

/** The events of runs in Postgres: written by the one process that owns a run, readable behind any position by anybody. */
export class RunLog {
  readonly writer: LogWriter
  readonly units: Units
  readonly bell: Bell
  #recorders = new Map<string, Recorder>()

  constructor(parts: { units: Units; bell: Bell; store: StoreChunks }) {
    this.units = parts.units
    this.bell = parts.bell
    this.writer = new LogWriter(parts.store, parts.bell)
  }

  /** Begins to write a run, behind the last number that the table has. */
  record(run: WrittenRun, lastSeq: number): Recorder {
    const recorder = new Recorder(this, run, lastSeq)
    this.#recorders.set(run.id, recorder)
    return recorder
  }

  release(recorder: Recorder): void {
    if (this.#recorders.get(recorder.run.id) === recorder) this.#recorders.delete(recorder.run.id)
    this.writer.forget(recorder.run.id)
  }

  /** What lies behind the position, as far as it is known now: from memory while this process writes the run, else from the table. */
  async behind(run: { id: string; userId: string }, after: Position): Promise<Placed[]> {
    return this.#recorders.get(run.id)?.behind(after) ?? storedBehind(this.units.as({ id: run.userId }), run, after)
  }

  /** Whether this process writes the run: then memory knows more than the table. */
  writes(runId: string): boolean {
    return this.#recorders.has(runId)
  }
}

/** Writes the log of one run. Calls of `keep` queue up; `tell` is for the one that speaks. */
export class Recorder {
  readonly run: WrittenRun
  #log: RunLog
  #firstSeq: number
  #events: RunEvent[] = []
  #trimmed = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(log: RunLog, run: WrittenRun, lastSeq: number) {
    this.#log = log
    this.run = run
    this.#firstSeq = lastSeq + 1
  }

  /** Tells a delta at once; the table has it soon. */
  tell(messageId: string, text: string): void {
    const seq = this.#push({ type: 'message.delta', messageId, text })
    this.#log.writer.add(this.run, seq, messageId, text)
    this.#log.bell.ringHere(this.#topic)
  }

  /**
   * Stores what is finished and tells it: the work, the events and all deltas before them in one synchronous commit.
   * Throws LostRun when the run is no longer ours; then, and when the work fails, nothing is stored or told.
   */
  keep(events: readonly FinishedEvent[], work?: (em: SqlEntityManager) => Promise<void>): Promise<void> {
    const kept = this.#turn.then(() => this.#keep(events, work))
    this.#turn = kept.catch(() => {})
    return kept
  }

  /** Events behind the position from memory; null when they must be read from the table. */
  behind(after: Position): Placed[] | null {
    const { attempt } = this.run
    if (after.attempt > attempt || after.seq < this.#firstSeq - 1) return null
    if (after.attempt < attempt && this.#trimmed) return null
    const from = after.attempt === attempt ? after.seq - this.#firstSeq + 1 : 0
    return this.#events
      .slice(from, from + eventsPerRead)
      .map((event, index) => ({ position: { attempt, seq: this.#firstSeq + from + index }, event }))
  }

  get #topic() {
    return `conversation:${this.run.conversationId}`
  }

  #push(event: RunEvent): number {
    return this.#firstSeq + this.#events.push(event) - 1
  }

  async #keep(events: readonly FinishedEvent[], work?: (em: SqlEntityManager) => Promise<void>): Promise<void> {
    const { writer, bell } = this.#log
    await writer.settled()
    const chunks = writer.take(this.run.id)
    const firstSeq = this.#firstSeq + this.#events.length
    const rows = [...chunks, ...events.map((event, index) => ({ lastSeq: firstSeq + index, event }))]
    try {
      await this.#commit(rows, firstSeq + events.length - 1, events.length > 0, work)
    } catch (error) {
      writer.giveBack(this.run.id, chunks)
      throw error
    }
    for (const event of events) this.#push(event)
    this.#trim()
    bell.ring(this.#topic)
  }

  /**
   * Again and again while the database is away: it may come back, and what was done need not be done twice. `ours`: the
   * last number is an event's, so nobody but this commit stores it. Without one, all that a commit may have done for good
   * is to let go of the run.
   */
  async #commit(
    rows: readonly Row[],
    lastSeq: number,
    ours: boolean,
    work?: (em: SqlEntityManager) => Promise<void>,
  ): Promise<void> {
    const commit = (again: boolean) =>
      this.#log.units.as({ id: this.run.userId }).transactional(async (em) => {
        // The answer to a commit can be lost while the commit is not.
        if (again && (await (ours ? isStored(em, this.run, lastSeq) : isLetGo(em, this.run, lastSeq)))) return
        await fence(
          em,
          this.run,
          lastSeq,
          rows.some(({ event }) => isPlace(event)),
        )
        await storeEvents(em, this.run, rows)
        await work?.(em)
      })
    await whileAway(patienceMs, commit, (error) => isAway(error) || isConflict(error))
  }

  /** Everything is in the table now: readers that are far behind find it there. */
  #trim(): void {
    if (this.#events.length <= keptInMemory) return
    this.#firstSeq += this.#events.length
    this.#events = []
    this.#trimmed = true
  }
}

/** Readers go on behind whole things: one who reads a message later, when it is whole, must not hear its words besides. */
const isPlace = ({ type }: StoredEvent) => !partial.has(type)

const partial = new Set<StoredEvent['type']>(['deltas', 'message.started', 'message.reset', 'model.busy'])

/** Locks conversation, then run (everybody in this order), and moves the place that readers go on from. */
async function fence(em: SqlEntityManager, run: WrittenRun, lastSeq: number, moves: boolean): Promise<void> {
  const conversations = await em.execute<{ id: string }[]>(
    moves
      ? 'update conversation set log_run = ?, log_attempt = ?, log_seq = ? where id = ? and user_id = ? returning id'
      : 'select id from conversation where id = ? and user_id = ? for no key update',
    [...(moves ? [run.number, run.attempt, lastSeq] : []), run.conversationId, run.userId],
  )
  const runs = await em.execute<{ id: string }[]>(
    `update run set last_seq = ? where id = ? and user_id = ? and owner_id = ? and attempt = ? and status = 'RUNNING' returning id`,
    [lastSeq, run.id, run.userId, run.ownerId, run.attempt],
  )
  if (conversations.length === 0 || runs.length === 0) throw new LostRun()
}

/** Whether the row of this number is there: only this process, in this attempt, gives the number. */
async function isStored(em: SqlEntityManager, run: WrittenRun, lastSeq: number): Promise<boolean> {
  await commitsOver(em, run)
  const rows = await em.execute<object[]>(
    'select 1 from run_event where run_id = ? and user_id = ? and attempt = ? and last_seq = ?',
    [run.id, run.userId, run.attempt, lastSeq],
  )
  return rows.length > 0
}

/**
 * Whether the run waits for a person, or did: who decides meanwhile writes behind our last number, and may have it go on
 * in this very process. Whoever took it from us, on the other hand, began another attempt.
 */
async function isLetGo(em: SqlEntityManager, run: WrittenRun, lastSeq: number): Promise<boolean> {
  await commitsOver(em, run)
  const rows = await em.execute<object[]>(
    `select 1 from run where id = ? and user_id = ? and attempt = ?
     and (owner_id is distinct from ?::uuid or last_seq > ?)`,
    [run.id, run.userId, run.attempt, run.ownerId, lastSeq],
  )
  return rows.length > 0
}

/** A commit that is still under way holds the conversation's row: so it is over before we look. */
async function commitsOver(em: SqlEntityManager, run: WrittenRun): Promise<void> {
  await em.execute('select from conversation where id = ? and user_id = ? for no key update', [
    run.conversationId,
    run.userId,
  ])
}

/** The database gave up one of two transactions that stood in each other's way. */
function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '40P01' || error.code === '40001')
}

type Row = { lastSeq: number; event: StoredEvent }

/** Writes rows of the log within the caller's transaction. */
export async function storeEvents(
  em: SqlEntityManager,
  run: Pick<WrittenRun, 'id' | 'userId' | 'attempt'>,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return
  await em.execute(
    `insert into run_event (run_id, attempt, last_seq, user_id, event)
     select ?::uuid, ?::int, row.last_seq, ?::uuid, row.event
     from jsonb_to_recordset(?::jsonb) as row(last_seq int, event jsonb)
     on conflict do nothing`,
    [run.id, run.attempt, run.userId, JSON.stringify(rows.map(({ lastSeq, event }) => ({ last_seq: lastSeq, event })))],
  )
}

async function storedBehind(
  em: SqlEntityManager,
  run: { id: string; userId: string },
  after: Position,
): Promise<Placed[]> {
  const rows = await em.execute<{ attempt: number; last_seq: number; event: StoredEvent }[]>(
    `select attempt, last_seq, event from run_event
     where run_id = ? and user_id = ? and (attempt, last_seq) > (?, ?) order by attempt, last_seq limit ${rowsPerRead}`,
    [run.id, run.userId, after.attempt, after.seq],
  )
  return rows.flatMap((row) => eventsOf(row)).filter(({ position }) => isBehind(position, after))
}

function eventsOf(row: { attempt: number; last_seq: number; event: StoredEvent }): Placed[] {
  const { attempt, last_seq: lastSeq, event } = row
  if (event.type !== 'deltas') return [{ position: { attempt, seq: lastSeq }, event }]
  const { messageId, texts } = event
  return texts.map((text, index) => ({
    position: { attempt, seq: lastSeq - texts.length + 1 + index },
    event: { type: 'message.delta', messageId, text },
  }))
}
