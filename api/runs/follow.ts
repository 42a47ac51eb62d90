import { setTimeout as sleep } from 'node:timers/promises'
import type { Units } from '../auth/units.ts'
import { owned, type Viewer } from '../auth/viewer.ts'
import type { Bell, Listener } from '../bell/bell.ts'
import { Conversation } from '../conversations/conversation.entity.ts'
import { ownConversation } from '../conversations/conversations.ts'
import { AppError, notFound } from '../errors.ts'
import { noteAway } from '../outage.ts'
import { type Cursor, eventCursor, isBehind, readCursor, writeCursor } from './cursor.ts'
import { activeStatuses, Run } from './run.entity.ts'
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

export type FollowOptions = { after?: string | null; signal: AbortSignal }

export type FollowParts = {
  units: Units
  bell: Bell
  log: RunLog
  /** Aborts when this process stops serving readers, or has lost the database for too long. */
  draining: AbortSignal
  streamMinutes: number
}

/** The bell can miss a ring between processes: so often a waiting reader looks by itself, less often while nothing runs. */
const pollMs = 5_000
const idlePollMs = 15_000

/** So long a stream stays open while the database is away. */
const patienceMs = 30_000
const retryMs = 500

const beginning: Position = { attempt: 0, seq: 0 }

/**
 * The events of one run; completes after `run.ended`, also when its log is no longer kept: then it gives that alone.
 * Rejects before the first event: NOT_FOUND, BAD_USER_INPUT for a wrong cursor, RESYNC_REQUIRED when something behind the
 * cursor was swept. Later it ends quietly on abort, else with an AppError that says why.
 */
export async function followRun(parts: FollowParts, viewer: Viewer, runId: string, { after, signal }: FollowOptions) {
  const run = await parts.units.as(viewer).findOne(Run, { id: runId, ...owned(viewer) })
  if (!run) throw notFound('run')
  const cursor = after == null ? null : readCursor(after, run.conversationId)
  const isPast = cursor !== null && run.number != null && cursor.run > run.number
  // A run that still waits has no number: whatever the cursor, it is read from its beginning.
  const tail = new RunTail(parts, viewer, run, cursor && cursor.run === run.number ? cursor : beginning)
  if (cursor && !isPast && tail.isSwept) throw resyncRequired()
  return readRun(new Waiting(parts, viewer, run.conversationId, signal), tail, isPast)
}

async function* readRun(waiting: Waiting, tail: RunTail, isPast: boolean): AsyncGenerator<Followed, void> {
  try {
    if (isPast) return
    if (tail.isSwept) return yield tail.end()
    for (;;) {
      const events = await waiting.patiently(() => tail.read())
      yield* events
      if (tail.over) return
      if (events.length === 0) await waiting.next(pollMs)
      if (waiting.over()) return
    }
  } finally {
    waiting.close()
  }
}

/**
 * Everything that happens in a conversation, run after run, until the signal aborts or the conversation is deleted.
 * `conversation.updated` comes first, and again when title, archive, pin or active run changed. Rejects as `followRun`.
 */
export async function followConversation(
  parts: FollowParts,
  viewer: Viewer,
  conversationId: string,
  { after, signal }: FollowOptions,
) {
  const conversation = await ownConversation(parts.units.as(viewer), viewer, conversationId)
  const start = readCursor(after ?? (await startCursor(parts, viewer, conversation)), conversationId)
  if (start.run > conversation.lastRunNumber) readCursor('', conversationId)
  return readConversation(new Waiting(parts, viewer, conversationId, signal), parts, viewer, conversation, start)
}

/** Before the active run, if there is one, else what comes next. */
async function startCursor({ units }: FollowParts, viewer: Viewer, conversation: Conversation): Promise<string> {
  const conversationId = conversation.id
  const status = { $in: [...activeStatuses] }
  const active = await units.as(viewer).findOne(Run, { conversationId, status, ...owned(viewer) })
  if (active?.number == null) return eventCursor(conversation)
  return writeCursor({ conversationId, run: active.number, ...beginning })
}

async function* readConversation(
  waiting: Waiting,
  parts: FollowParts,
  viewer: Viewer,
  conversation: Conversation,
  start: Cursor,
): AsyncGenerator<Followed, void> {
  const updated = (cursor: string): Followed => ({
    cursor,
    conversationId: conversation.id,
    runId: null,
    event: { type: 'conversation.updated' },
  })
  let { revision } = conversation
  let cursor = writeCursor(start)
  let from: Position & { run: number } = start
  let tail: RunTail | null = null
  try {
    yield updated(cursor)
    for (;;) {
      tail ??= await waiting.patiently(() => nextTail(parts, viewer, conversation.id, from))
      const events = (await waiting.patiently(async () => tail?.read())) ?? []
      for (const followed of events) {
        cursor = followed.cursor
        yield followed
      }
      if (tail?.over) {
        from = { run: (tail.run.number ?? from.run) + 1, ...beginning }
        tail = null
      } else if (events.length === 0) await waiting.next(tail ? pollMs : idlePollMs)
      if (waiting.over()) return
      if (
        !waiting.takeLook() &&
        !events.some(({ event }) => event.type === 'run.started' || event.type === 'run.ended')
      )
        continue
      const now = await waiting.patiently(() =>
        parts.units.as(viewer).findOne(Conversation, { id: conversation.id, ...owned(viewer) }),
      )
      if (!now) return
      if (now.revision !== revision) yield updated(cursor)
      revision = now.revision
    }
  } finally {
    waiting.close()
  }
}

async function nextTail(
  parts: FollowParts,
  viewer: Viewer,
  conversationId: string,
  from: Position & { run: number },
): Promise<RunTail | null> {
  const run = await parts.units
    .as(viewer)
    .findOne(Run, { conversationId, number: { $gte: from.run }, ...owned(viewer) }, { orderBy: { number: 'asc' } })
  return run && new RunTail(parts, viewer, run, run.number === from.run ? from : beginning)
}

/** Reads one run's log from a position on. */
class RunTail {
  run: Run
  /** Nothing more will come: it was read to its end, or the run was deleted. */
  over = false
  #parts: FollowParts
  #viewer: Viewer
  #position: Position

  constructor(parts: FollowParts, viewer: Viewer, run: Run, position: Position) {
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
    if (this.isSwept) throw resyncRequired()
    if (this.run.ended && !isBehind(this.#last, this.#position)) this.over = true
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

/** Waits for news of a conversation, and knows when a reader's time is over. */
class Waiting {
  #listener: Listener
  #look = false
  #lookedAt = performance.now()
  #deadline: number
  #expires: number
  #signal: AbortSignal
  #draining: AbortSignal

  constructor(
    { bell, draining, streamMinutes }: FollowParts,
    viewer: Viewer,
    conversationId: string,
    signal: AbortSignal,
  ) {
    this.#signal = signal
    this.#draining = draining
    this.#expires = viewer.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY
    this.#deadline = Date.now() + streamMinutes * 60_000
    this.#listener = bell.listen(`conversation:${conversationId}`, AbortSignal.any([signal, draining]))
  }

  async next(longestMs: number): Promise<void> {
    const ms = Math.min(longestMs, Math.max(0, Math.min(this.#deadline, this.#expires) - Date.now()))
    const hints = await this.#listener.next(ms)
    if (hints.includes('updated')) this.#look = true
  }

  /** The work, again and again while the database is away for a moment: that is no end of a stream. */
  async patiently<T>(work: () => Promise<T>): Promise<T> {
    const since = performance.now()
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!noteAway(error) || this.over()) throw error
        if (performance.now() - since > patienceMs) throw storageUnavailable()
        await sleep(retryMs, undefined, { signal: this.#signal }).catch(() => {})
      }
    }
  }

  /** Whether the conversation itself should be looked at again: it was told, or not for so long that it may have been missed. */
  takeLook(): boolean {
    const now = performance.now()
    if (!this.#look && now - this.#lookedAt < pollMs) return false
    this.#look = false
    this.#lookedAt = now
    return true
  }

  /** True when the reader left. Throws when we end the stream: the reader resumes with its last cursor. */
  over(): boolean {
    if (this.#signal.aborted) return true
    if (this.#draining.aborted)
      throw new AppError('DRAINING', 'This server lets go of its readers. Resume with the last cursor.')
    const now = Date.now()
    if (now >= this.#expires) throw new AppError('SESSION_EXPIRED', 'The credential of this stream has ended.')
    if (now >= this.#deadline)
      throw new AppError('MAX_AGE', 'This stream has reached its age. Resume with the last cursor.')
    return false
  }

  close(): void {
    this.#listener.close()
  }
}

function storageUnavailable(): AppError {
  return new AppError('STORAGE_UNAVAILABLE', 'The database cannot be reached. Resume with the last cursor.', {
    retryAfterMs: 1_000,
  })
}

function resyncRequired(): AppError {
  return new AppError(
    'RESYNC_REQUIRED',
    'The log behind this cursor is no longer kept. Read the messages, then follow from eventCursor.',
  )
}
