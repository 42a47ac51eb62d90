import type { Units } from '../auth/units.ts'
import type { Viewer } from '../auth/viewer.ts'
import type { Conversation } from '../conversations/conversation.entity.ts'
import { readCursor, writeCursor } from '../runs/cursor.ts'
import { findConversations, findMessages, findRuns, findToolCalls, toolCallsOfMessages } from '../runs/reading.ts'
import type { Run } from '../runs/run.entity.ts'
import type { Followed } from '../runs/run-tail.ts'
import type { Runs } from '../runs/runs.ts'
import type { LoadedEvent } from './answer-translation.ts'
import type { Opening } from './opening.ts'
import type { ThreadEvent } from './protocol.ts'
import { lostSight } from './refusal.ts'
import { forgetRequest } from './repeats.ts'
import { toThread } from './translate.ts'
import type { ChatkitWords } from './words.ts'

export type AnswerParts = { units: Units; runs: Runs; viewer: Viewer; words: ChatkitWords }

/** Titles are made beside the answer: a new thread's stream waits so long for its own. */
const titlePatienceMs = 1_500

/**
 * What ChatKit is told of a run: up to its end, or until it waits for a person. It only reads: when the signal aborts,
 * the reader has left and the run goes on. Never rejects: what breaks is told as an error event.
 */
export async function* answer(
  parts: AnswerParts,
  opening: Opening,
  signal: AbortSignal,
): AsyncGenerator<ThreadEvent, void> {
  const { units, viewer, words } = parts
  yield* opening.events
  const following = new Following(parts, opening, signal)
  try {
    yield* following.events()
    if (!signal.aborted && opening.key) await forgetRequest(units.as(viewer), viewer, opening.key)
  } catch (error) {
    if (!signal.aborted && !following.told) yield lostSight(error, words)
  }
}

type Place = { run: number; attempt: number; seq: number }

/** Reads the log of the conversation, and tells of one run and of the thread's title. */
class Following {
  /** The run has rested: whatever comes now is of no matter for the answer. */
  told = false
  readonly #parts: AnswerParts
  readonly #opening: Opening
  readonly #leaving = new AbortController()
  readonly #signal: AbortSignal
  #title: string | undefined
  #titledBy: Conversation['titledBy']
  #awaitsTitle = false
  #place: Place

  constructor(parts: AnswerParts, opening: Opening, signal: AbortSignal) {
    this.#parts = parts
    this.#opening = opening
    this.#signal = AbortSignal.any([signal, this.#leaving.signal])
    this.#title = toThread(opening.conversation).title
    this.#titledBy = opening.conversation.titledBy
    this.#place = readCursor(this.#after, opening.conversation.id)
  }

  get #after(): string {
    const { after, conversation, run } = this.#opening
    return after ?? writeCursor({ conversationId: conversation.id, run: run.number ?? 0, attempt: 0, seq: 0 })
  }

  async *events(): AsyncGenerator<ThreadEvent, void> {
    const { run, translation, conversation } = this.#opening
    const { runs, viewer } = this.#parts
    if (!(await this.#rests())) yield translation.thinking
    const log = await runs.followConversation(viewer, conversation.id, { after: this.#after, signal: this.#signal })
    for await (const followed of log) {
      this.#place = readCursor(followed.cursor, conversation.id)
      if (followed.event.type === 'conversation.updated') yield* this.#retitled()
      const event = followed.runId === run.id ? await load(this.#parts, followed) : null
      if (event) yield* translation.translate(event)
      if (event?.type === 'run.ended') this.#end(event.run.status)
      else if (mayRest(followed) && !this.told) this.told = await this.#rests()
      if (this.told && !this.#awaitsTitle) return
    }
  }

  #end(status: Run['status']): void {
    this.told = true
    if (this.#titledBy !== 'nobody' || status !== 'COMPLETED') return
    this.#awaitsTitle = true
    setTimeout(() => this.#leaving.abort(), titlePatienceMs).unref()
  }

  /** Whether nothing more is to come: the run has ended or waits for a person, and all of it was told. */
  async #rests(): Promise<boolean> {
    const { units, viewer } = this.#parts
    const run = (await findRuns(units.as(viewer), viewer, [this.#opening.run.id])).get(this.#opening.run.id)
    if (!run) return true
    if (!run.ended && run.status !== 'AWAITING_APPROVAL') return false
    const place = this.#place
    if (place.run !== run.number) return place.run > (run.number ?? 0)
    return place.attempt > run.attempt || (place.attempt === run.attempt && place.seq >= run.lastSeq)
  }

  async *#retitled(): AsyncGenerator<ThreadEvent, void> {
    const thread = await this.#thread()
    if (!thread || toThread(thread).title === this.#title) return
    this.#title = toThread(thread).title
    this.#awaitsTitle = false
    yield { type: 'thread.updated', thread: toThread(thread) }
  }

  async #thread(): Promise<Conversation | undefined> {
    const { units, viewer } = this.#parts
    const { id } = this.#opening.conversation
    return (await findConversations(units.as(viewer), viewer, [id])).get(id)
  }
}

/** A run begins to wait after the last change of a call, and the conversation is told of it. */
function mayRest({ event }: Followed): boolean {
  return event.type === 'conversation.updated' || event.type === 'tool-call.changed'
}

/** The event with the rows that it names as they are now; null when there is nothing to tell of it. */
async function load({ units, viewer }: AnswerParts, { event, runId }: Followed): Promise<LoadedEvent | null> {
  switch (event.type) {
    case 'run.started':
    case 'conversation.updated':
      return null
    case 'message.delta':
    case 'model.busy':
      return event
    case 'message.started':
    case 'message.reset':
    case 'message.completed': {
      const message = (await findMessages(units.as(viewer), viewer, [event.messageId])).get(event.messageId)
      return message ? { type: event.type, message } : null
    }
    case 'tool-call.changed': {
      const em = units.as(viewer)
      const messageId = (await findToolCalls(em, viewer, [event.toolCallId])).get(event.toolCallId)?.messageId ?? ''
      const message = (await findMessages(em, viewer, [messageId])).get(messageId)
      const calls = (await toolCallsOfMessages(em, viewer, [messageId])).get(messageId) ?? []
      return message ? { type: event.type, message, calls, isEarlier: message.runId !== runId } : null
    }
    case 'run.ended': {
      const run = runId === null ? undefined : (await findRuns(units.as(viewer), viewer, [runId])).get(runId)
      return run ? { type: event.type, run } : null
    }
    default:
      return event satisfies never
  }
}
