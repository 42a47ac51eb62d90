import type { Units } from '../auth/units.ts'
import { owned, type Viewer } from '../auth/viewer.ts'
import { Conversation } from '../conversations/conversation.entity.ts'
import { ownConversation } from '../conversations/conversations.ts'
import { notFound } from '../errors.ts'
import { type Cursor, eventCursor, readCursor, writeCursor } from './cursor.ts'
import { pollMs, ReaderWait, type WaitParts } from './reader-wait.ts'
import { activeStatuses, Run } from './run.entity.ts'
import type { Position } from './run-event.ts'
import type { RunLog } from './run-log.ts'
import { type Followed, RunTail, resyncRequired } from './run-tail.ts'

export type FollowOptions = { after?: string | null; signal: AbortSignal }

export type FollowParts = WaitParts & { units: Units; log: RunLog }

/** While nothing runs a reader looks less often. */
const idlePollMs = 15_000

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
  return readRun(new ReaderWait(parts, viewer, run.conversationId, signal), tail, isPast)
}

async function* readRun(waiting: ReaderWait, tail: RunTail, isPast: boolean): AsyncGenerator<Followed, void> {
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
  return readConversation(new ReaderWait(parts, viewer, conversationId, signal), parts, viewer, conversation, start)
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
  waiting: ReaderWait,
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
