import { setImmediate as afterOthers } from 'node:timers/promises'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, scopes, type Viewer } from '../auth/viewer.ts'
import { whileAway } from '../bell/connection.ts'
import { Message } from '../conversations/message.entity.ts'
import type { Limits } from '../limits.ts'
import { withPageTools } from '../tools/page-tools.ts'
import { createSchemaChecks } from '../tools/schema-checks.ts'
import type { Toolbox, Toolboxes } from '../tools/toolbox.ts'
import { withinBudget } from './history.ts'
import { instructionsFor } from './instructions.ts'
import { keptText } from './kept-text.ts'
import { type LoopStart, loop, type Means } from './loop.ts'
import type { Model } from './model.ts'
import { Run } from './run.entity.ts'
import type { RunFailure } from './run-failure.ts'
import { LostRun, patienceMs, type Recorder, type RunLog } from './run-log.ts'
import { failureOf, serverRestarted, statusOf, tookTooLong } from './run-outcome.ts'
import { type Outcome, StepKeeper } from './step-keeper.ts'
import { timeZoneOf } from './time-zone.ts'
import { historyBudget, tokensOf } from './tokens.ts'
import { ToolCall } from './tool-call.entity.ts'
import { isUnknown, readTranscript, type Transcript } from './transcript.ts'

export type ExecutionParts = {
  log: RunLog
  model: Model
  toolboxes: Toolboxes
  limits: Limits
  /** Starts what waits in the conversation, within the commit that ends this run. */
  andThen(em: SqlEntityManager, run: Run): Promise<void>
}

/** Why the signal of an execution aborts. */
export class Halt extends Error {
  override readonly name = 'Halt'
  /** `stop`: a person wants no more. `handover`: another process goes on. `lost`: another one did already. */
  readonly why: 'stop' | 'handover' | 'lost'

  constructor(why: Halt['why']) {
    super(`halted: ${why}`)
    this.why = why
  }
}

/** So long one run works on without a break. */
const sliceMs = 10

/** A run over which so many processes were lost without a step forward is given up. */
const fruitlessTakeovers = 3

const checkOf = createSchemaChecks()

/** `handover` leaves the run for another process, `waits` for a person. */
export type Result = 'ended' | 'waits' | 'handover' | 'lost'

/**
 * Makes the answer: from the start, or from the last finished step. Resolves when the run has ended or was let go of.
 * Rejects when the database fails; then the lease runs out.
 */
export async function execute(parts: ExecutionParts, run: Run, halt: AbortSignal): Promise<Result> {
  const { log, toolboxes } = parts
  const viewer: Viewer = { id: run.userId, scopes }
  const [lastSeq, timeZone] = await whileAway(patienceMs, async () => {
    const em = log.units.as(viewer)
    return [await lastSeqOf(em, run), await timeZoneOf(em, viewer, run)] as const
  })
  const toolbox = withPageTools(await toolboxes.open(viewer), run.clientTools ?? [], checkOf)
  const recorder = log.record(writtenRun(run), lastSeq)
  try {
    return await new Execution(parts, run, viewer, toolbox, recorder, halt, timeZone).work()
  } catch (error) {
    if (error instanceof LostRun) return 'lost'
    throw error
  } finally {
    log.release(recorder)
    await toolbox.close()
  }
}

class Execution {
  #parts: ExecutionParts
  #run: Run
  #viewer: Viewer
  #toolbox: Toolbox
  #recorder: Recorder
  #halt: AbortSignal
  #timeZone: string
  #timeout = new AbortController()

  constructor(
    parts: ExecutionParts,
    run: Run,
    viewer: Viewer,
    toolbox: Toolbox,
    recorder: Recorder,
    halt: AbortSignal,
    timeZone: string,
  ) {
    this.#parts = parts
    this.#run = run
    this.#viewer = viewer
    this.#toolbox = toolbox
    this.#recorder = recorder
    this.#halt = halt
    this.#timeZone = timeZone
  }

  async work(): Promise<Result> {
    const timer = setTimeout(() => this.#timeout.abort(), this.#parts.limits.runSeconds * 1_000)
    return this.#work().finally(() => clearTimeout(timer))
  }

  async #work(): Promise<Result> {
    if (this.#run.fruitless >= fruitlessTakeovers) return this.#giveUp()
    const transcript = await this.#read()
    const { start, open, unknown, finished } = transcript
    const keeper = this.#keeper(open, start.messageId)
    if (start.messageId) await keeper.reset(start.messageId)
    await keeper.unknown(unknown)
    if (finished) return this.#end(keeper, { status: 'COMPLETED' })
    return this.#answer(keeper, transcript)
  }

  /** Closes what is open. What the model would be shown is not read again: that may be what the servers died of. */
  async #giveUp(): Promise<Result> {
    const of = { runId: this.#run.id, ...owned(this.#viewer) }
    const cutOff = await this.#em().findOne(Message, { ...of, status: 'STREAMING' })
    const open = await this.#em().find(ToolCall, { ...of, finishedAt: null })
    const keeper = this.#keeper(open, cutOff?.id)
    if (cutOff) await keeper.reset(cutOff.id)
    await keeper.unknown(open.filter((call) => isUnknown(this.#toolbox, call)))
    await this.#sayKept(keeper)
    return this.#end(keeper, { status: 'INTERRUPTED', failure: serverRestarted })
  }

  #keeper(open: readonly ToolCall[], begun: string | undefined): StepKeeper {
    return new StepKeeper(this.#recorder, this.#toolbox, { usage: this.#run.usage ?? null, open, begun })
  }

  /** Speaks and calls until there is nothing more to do; what a person decides meanwhile leads on. */
  async #answer(keeper: StepKeeper, transcript: Transcript): Promise<Result> {
    for (let { start } = transcript; ; { start } = await this.#read()) {
      const way = await this.#loop(keeper, start)
      if (way === 'done') return this.#end(keeper, { status: 'COMPLETED' })
      if (way === 'waits') {
        const found = await keeper.wait()
        if (found === 'waits') return 'waits'
        if (found === 'stopped') return this.#end(keeper, { status: 'STOPPED' })
        await keeper.hearDecisions(this.#em())
        continue
      }
      if (way instanceof Halt && way.why !== 'stop') return this.#leave(way.why)
      await this.#sayKept(keeper)
      if (way instanceof Halt) return this.#end(keeper, { status: 'STOPPED' })
      return this.#end(keeper, { status: statusOf(way, keeper), failure: way })
    }
  }

  /** Who goes on with a run that is handed over counts on it that everything told so far is in the table. */
  async #leave(why: 'handover' | 'lost'): Promise<Result> {
    if (why === 'handover') await this.#recorder.keep([])
    return why
  }

  /** Goes round once. What fails in the loop is a result; what fails in the database is thrown. */
  async #loop(keeper: StepKeeper, start: LoopStart): Promise<'done' | 'waits' | Halt | RunFailure> {
    const left = new AbortController()
    const signal = AbortSignal.any([this.#halt, this.#timeout.signal, left.signal])
    const events = loop(start, this.#means(signal))
    let sliceFrom = performance.now()
    try {
      for (;;) {
        const next = await this.#next(events, signal)
        if (!('value' in next)) return next
        if (next.done) return next.value
        await keeper.take(next.value)
        // Many tokens come in one piece: whoever else waits for this process has a turn in between.
        if (performance.now() - sliceFrom > sliceMs) {
          await afterOthers()
          sliceFrom = performance.now()
        }
      }
    } finally {
      // Whatever the reason: no model speaks on, no tool works on for a loop that nobody follows.
      left.abort()
      await events.return('done').catch(() => {})
    }
  }

  async #next(events: ReturnType<typeof loop>, signal: AbortSignal) {
    try {
      signal.throwIfAborted()
      return await events.next()
    } catch (error) {
      if (this.#halt.aborted && this.#halt.reason instanceof Halt) return this.#halt.reason
      return this.#timeout.signal.aborted ? tookTooLong : failureOf(error)
    }
  }

  #means(signal: AbortSignal): Means {
    const { model, limits } = this.#parts
    const instructions = instructionsFor(new Date(), this.#timeZone)
    return {
      ...{ model, limits, signal, modelName: this.#run.model, toolbox: this.#toolbox, instructions },
      fit: (history, tools) => withinBudget(history, historyBudget(limits, instructions, tools), tokensOf),
    }
  }

  #read(): Promise<Transcript> {
    return whileAway(patienceMs, async () => {
      const em = this.#em()
      const transcript = await readTranscript(em, this.#viewer, this.#run, this.#toolbox, this.#parts.limits)
      const { repairs } = transcript
      if (repairs.length > 0) await em.nativeUpdate(Run, { id: this.#run.id, userId: this.#run.userId }, { repairs })
      return transcript
    })
  }

  /** A message that was cut off and is not said again keeps what was stored of it: told once more, as one delta. */
  async #sayKept(keeper: StepKeeper): Promise<void> {
    const messageId = keeper.cutOff
    if (!messageId) return
    await keeper.take({ type: 'message.started', messageId })
    const text = await keptText(this.#em(), this.#run, messageId)
    if (text) await keeper.take({ type: 'message.delta', messageId, text })
  }

  async #end(keeper: StepKeeper, outcome: Outcome): Promise<Result> {
    await keeper.end(outcome, (em) => this.#parts.andThen(em, this.#run))
    return 'ended'
  }

  #em(): SqlEntityManager {
    return this.#parts.log.units.as(this.#viewer)
  }
}

function writtenRun(run: Run) {
  const { id, userId, conversationId, number, attempt, ownerId } = run
  if (number == null || ownerId == null) throw new Error('A run is executed only when it was started and claimed.')
  return { id, userId, conversationId, number, attempt, ownerId }
}

async function lastSeqOf(em: SqlEntityManager, run: Run): Promise<number> {
  const [row] = await em.execute<{ last: number | null }[]>(
    'select max(last_seq)::int as last from run_event where run_id = ? and user_id = ?',
    [run.id, run.userId],
  )
  return row?.last ?? 0
}
