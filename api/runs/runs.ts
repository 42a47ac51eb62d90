import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Rates } from '../auth/rates.ts'
import type { Units } from '../auth/units.ts'
import { owned, type Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import { inTransaction } from '../bell/in-transaction.ts'
import { Conversation } from '../conversations/conversation.entity.ts'
import { lockConversation, ringConversation } from '../conversations/conversations.ts'
import { Message } from '../conversations/message.entity.ts'
import { AppError, notFound } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { Toolboxes } from '../tools/toolbox.ts'
import { endQueued } from './begin-run.ts'
import { type DecideToolCall, decide } from './decide.ts'
import { type FollowOptions, type FollowParts, followConversation, followRun } from './follow.ts'
import { idempotent, type Repeatable, wasDone } from './idempotency.ts'
import type { StoreChunks } from './log-writer.ts'
import type { Model } from './model.ts'
import { type AnsweredPageCall, type AnswerPageCall, answeringPageCall } from './page-calls.ts'
import { type EditMessage, editing, type RetryMessage, type Revised, retrying, takeMessageBack } from './revise.ts'
import { waitForRoom } from './room.ts'
import { activeStatuses, Run, type RunStatus } from './run.entity.ts'
import { RunLog } from './run-log.ts'
import type { Followed } from './run-tail.ts'
import { RunWorker } from './run-worker.ts'
import { askToStop, type SendMessage, type Sent, sending } from './send-message.ts'
import type { ToolCall } from './tool-call.entity.ts'
import { waited } from './waited.ts'

export type RunsParts = {
  units: Units
  bell: Bell
  model: Model
  toolboxes: Toolboxes
  limits: Limits
  /** Counts what is sent. */
  rates: Pick<Rates, 'take'>
  /** Throws STORAGE_FULL while nothing new may be stored. */
  checkSpace(): void
  /** How chunks of the log are stored. */
  store: StoreChunks
  /** The embedded database: no other process can hold a run. */
  alone: boolean
}

/** How long a stop waits for the run's last words before it answers. */
const stopWaitMs = 1_000

/** So long the deletion of an account waits for the ends of its runs, and so often it looks. */
const endingMs = 10_000
const lookMs = 50

/**
 * The use cases of runs, and the work on them. Row ids (UUIDs) in and out; unknown and foreign ids are NOT_FOUND.
 * Everything that is acknowledged is committed.
 */
export class Runs {
  readonly log: RunLog
  #parts: RunsParts
  #worker: RunWorker
  /** Ends all streams of now when it aborts. */
  #readers = new AbortController()
  #closing = false

  constructor(parts: RunsParts) {
    this.#parts = parts
    this.log = new RunLog(parts)
    this.#worker = new RunWorker({ ...parts, log: this.log, onLost: () => this.#sendReadersAway() })
  }

  /** Whether a model is there that writes down what people say. */
  get takesDictation(): boolean {
    return this.#parts.model.transcribe !== undefined
  }

  /** The models that may answer, the default one first. */
  get models(): readonly string[] {
    return this.#parts.model.names
  }

  /** Takes over what earlier processes left, and from now on looks for more. */
  begin(): Promise<void> {
    return this.#worker.begin()
  }

  /** Stores the message and the run that answers it in one transaction, then starts the run: it belongs to no request. */
  sendMessage(em: SqlEntityManager, viewer: Viewer, input: SendMessage): Promise<Sent> {
    return this.#started(em, viewer, sending({ ...this.#parts, claim: this.#worker.claim }, viewer, input))
  }

  /** Answers a user message again. RUN_ACTIVE while a run is being made; CONFLICT for what cannot be answered again. */
  retryMessage(em: SqlEntityManager, viewer: Viewer, input: RetryMessage): Promise<Revised> {
    return this.#started(em, viewer, retrying({ ...this.#parts, claim: this.#worker.claim }, viewer, input))
  }

  /** Says a user message anew and answers it. Refused as `retryMessage`. */
  editMessage(em: SqlEntityManager, viewer: Viewer, input: EditMessage): Promise<Revised> {
    return this.#started(em, viewer, editing({ ...this.#parts, claim: this.#worker.claim }, viewer, input))
  }

  /** What the page says to a call that is its own to answer; a new run goes on from there. See page-calls.ts. */
  answerPageCall(em: SqlEntityManager, viewer: Viewer, input: AnswerPageCall): Promise<AnsweredPageCall> {
    return this.#started(em, viewer, answeringPageCall({ ...this.#parts, claim: this.#worker.claim }, viewer, input))
  }

  /**
   * Asks the run to stop and waits a second at the most for it; gives the run as it is then. What was said stays, unless
   * `takeBack` is set: then the message goes with a run that waits, and CONFLICT says that it waits no more.
   */
  async stopRun(em: SqlEntityManager, viewer: Viewer, runId: string, { takeBack = false } = {}): Promise<Run> {
    const run = await em.findOne(Run, { id: runId, ...owned(viewer) })
    if (!run) throw notFound('run')
    if (run.ended && !takeBack) return run
    const waits = await inTransaction(em, this.#parts.bell, async (em, bell) => {
      await lockConversation(em, viewer, run.conversationId)
      await em.refresh(run)
      if (takeBack) await takeMessageBack(em, run)
      if (run.ended) return false
      if (run.status === 'QUEUED') await endQueued(em, run)
      else await askToStop(em, run)
      ringConversation(bell, { id: run.conversationId, userId: run.userId })
      return run.status !== 'QUEUED'
    })
    this.#worker.stop(runId)
    if (waits) await this.#ended(viewer, run)
    await em.refresh(run)
    return run
  }

  /** What a person says about a call that waits: see `decide` in decide.ts. */
  async decideToolCall(em: SqlEntityManager, viewer: Viewer, input: DecideToolCall): Promise<ToolCall> {
    const parts = { claim: this.#worker.claim, limits: this.#parts.limits }
    const { call, resumed } = await decide(em, viewer, this.#parts.bell, parts, input)
    if (resumed) this.#worker.start(resumed)
    return call
  }

  /** Deletes the conversation and everything that hangs on it, then stops what ran in it: that can write nothing more. */
  async deleteConversation(
    em: SqlEntityManager,
    viewer: Viewer,
    conversationId: string,
  ): Promise<{ deletedMessages: number; deletedRuns: number }> {
    const { running, ...deleted } = await inTransaction(em, this.#parts.bell, async (em, bell) => {
      const conversation = await lockConversation(em, viewer, conversationId)
      const of = { conversationId, ...owned(viewer) }
      const running = await em.find(Run, { ...of, status: { $in: [...activeStatuses] } })
      const deletedMessages = await em.count(Message, of)
      const deletedRuns = await em.count(Run, of)
      await em.nativeDelete(Conversation, { id: conversationId, ...owned(viewer) })
      ringConversation(bell, conversation)
      return { running, deletedMessages, deletedRuns }
    })
    for (const { id } of running) this.#worker.stop(id)
    return deleted
  }

  /**
   * Stops whatever is made, or waits, for someone who is about to be gone with everything that is theirs. Resolves when all
   * of it has ended, or after ten seconds at the most.
   */
  async endAllOf(userId: string): Promise<void> {
    const viewer: Viewer = { id: userId, scopes: [] }
    const em = () => this.#parts.units.as(viewer)
    const of = async (status: RunStatus[]) => em().find(Run, { status: { $in: status }, ...owned(viewer) })
    // What waits first: the end of another would be its beginning.
    for (const status of [['QUEUED' as const], [...activeStatuses]])
      await Promise.all((await of(status)).map(({ id }) => this.stopRun(em(), viewer, id)))
    // An end that is still being stored holds its conversation and wants the person's row; their deletion, the other way round.
    const patience = AbortSignal.timeout(endingMs)
    while ((await of([...activeStatuses])).length > 0 && (await waited(lookMs, patience)));
  }

  /** See `followRun` in follow.ts. */
  followRun(viewer: Viewer, runId: string, options: FollowOptions): Promise<AsyncGenerator<Followed, void>> {
    return followRun(this.#followParts, viewer, runId, options)
  }

  /** See `followConversation` in follow.ts. */
  followConversation(
    viewer: Viewer,
    conversationId: string,
    options: FollowOptions,
  ): Promise<AsyncGenerator<Followed, void>> {
    return followConversation(this.#followParts, viewer, conversationId, options)
  }

  /** Tells readers to resume elsewhere, lets runs finish for the drain time, hands the rest over. */
  async close(): Promise<void> {
    this.#closing = true
    this.#readers.abort()
    await this.#worker.close()
    await this.log.writer.close()
  }

  get #followParts(): FollowParts {
    const { units, bell, limits } = this.#parts
    return { units, bell, log: this.log, draining: this.#readers.signal, streamMinutes: limits.streamMinutes }
  }

  /** Those who come again are served, unless this process is stopping. */
  #sendReadersAway(): void {
    this.#readers.abort()
    if (!this.#closing) this.#readers = new AbortController()
  }

  async #started<T extends { run: Run }>(em: SqlEntityManager, viewer: Viewer, request: Repeatable<T>): Promise<T> {
    if (this.#worker.closing)
      throw new AppError('DRAINING', 'This server is stopping. Send it again.', { retryAfterMs: 1_000 })
    const { key } = request
    const refusal = key != null && (await wasDone(em, viewer, key)) ? null : await this.#refusal(viewer)
    if (refusal && key == null) throw refusal
    // What was refused can still be the repeat of a request that is under way: that one's result is its own.
    const work = refusal ? () => Promise.reject(refusal) : request.work
    const result = await idempotent(em, viewer, this.#parts.bell, { ...request, work })
    if (result.run.status === 'RUNNING' && result.run.ownerId === this.#worker.claim.ownerId)
      this.#worker.start(result.run.id)
    return result
  }

  /** Why nothing more can be sent right now. */
  async #refusal(viewer: Viewer): Promise<AppError | null> {
    const { rates, limits, checkSpace } = this.#parts
    try {
      checkSpace()
      await rates.take(viewer, 'sendsPerMinute')
      await waitForRoom(() => this.#worker.running, limits)
      return null
    } catch (error) {
      if (error instanceof AppError) return error
      throw error
    }
  }

  async #ended(viewer: Viewer, run: Run): Promise<void> {
    const signal = AbortSignal.timeout(stopWaitMs)
    const listener = this.#parts.bell.listen(`conversation:${run.conversationId}`, signal)
    try {
      while (!signal.aborted) {
        const now = await this.#parts.units.as(viewer).findOne(Run, { id: run.id, ...owned(viewer) })
        if (!now || now.ended) return
        await listener.next(200)
      }
    } finally {
      listener.close()
    }
  }
}
