import type { SqlEntityManager } from '@mikro-orm/sql'
import { scopes, type Viewer } from '../auth/viewer.ts'
import type { Limits } from '../limits.ts'
import type { Toolbox, Toolboxes } from '../tools/toolbox.ts'
import { withinBudget } from './history.ts'
import { instructionsFor } from './instructions.ts'
import { loop } from './loop.ts'
import type { Model } from './model.ts'
import { Run } from './run.entity.ts'
import type { StoredEvent } from './run-event.ts'
import { RunError, type RunFailure } from './run-failure.ts'
import { LostRun, type Recorder, type RunLog } from './run-log.ts'
import { type Outcome, StepKeeper } from './step-keeper.ts'
import { tokensOf } from './tokens.ts'
import { readTranscript, type Transcript } from './transcript.ts'

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

/** A run that so many processes were lost over without a step forward is given up. */
const fruitlessTakeovers = 3

/**
 * Makes the answer: from the start, or from the last finished step. Resolves when the run has ended or was let go of:
 * 'handover' leaves it for another process. Rejects when the database fails; then the lease runs out.
 */
export async function execute(
  parts: ExecutionParts,
  run: Run,
  signal: AbortSignal,
): Promise<'ended' | 'handover' | 'lost'> {
  const { log, toolboxes } = parts
  const viewer: Viewer = { id: run.userId, scopes }
  const em = log.units.as(viewer)
  const toolbox = await toolboxes.open(viewer)
  const recorder = log.record(writtenRun(run), await lastSeqOf(em, run))
  try {
    const transcript = await readTranscript(em, viewer, run, toolbox, parts.limits)
    return await work(parts, em, run, recorder, toolbox, transcript, signal)
  } catch (error) {
    if (error instanceof LostRun) return 'lost'
    throw error
  } finally {
    log.release(recorder)
    await toolbox.close()
  }
}

async function work(
  parts: ExecutionParts,
  em: SqlEntityManager,
  run: Run,
  recorder: Recorder,
  toolbox: Toolbox,
  { start, finished, unknown, repairs }: Transcript,
  halt: AbortSignal,
): Promise<'ended' | 'handover' | 'lost'> {
  const keeper = new StepKeeper(recorder, toolbox, {
    usage: run.usage ?? null,
    open: start.calls,
    begun: start.messageId,
  })
  const end = async (outcome: Outcome) => {
    await keeper.end(outcome, (inner) => parts.andThen(inner, run))
    return 'ended' as const
  }
  if (start.messageId) await keeper.reset(start.messageId)
  if (run.fruitless >= fruitlessTakeovers) {
    await giveUp(em, run, keeper, start.messageId)
    return end({ status: 'INTERRUPTED', failure: serverRestarted })
  }
  await keeper.unknown(unknown)
  if (repairs.length > 0) await em.nativeUpdate(Run, { id: run.id, userId: run.userId }, { repairs })
  if (finished) return end({ status: 'COMPLETED' })
  const timeout = AbortSignal.timeout(parts.limits.runSeconds * 1_000)
  const signal = AbortSignal.any([halt, timeout])
  try {
    const means = {
      model: parts.model,
      modelName: run.model,
      instructions: instructionsFor(new Date()),
      toolbox,
      signal,
      limits: parts.limits,
      fit: (history: Parameters<typeof withinBudget>[0]) => withinBudget(history, parts.limits.historyTokens, tokensOf),
    }
    for await (const event of loop(start, means)) {
      signal.throwIfAborted()
      await keeper.take(event)
    }
    return await end({ status: 'COMPLETED' })
  } catch (error) {
    if (error instanceof LostRun) return 'lost'
    if (halt.aborted && halt.reason instanceof Halt && halt.reason.why !== 'stop') return halt.reason.why
    return end(outcomeOf(error, halt, timeout, keeper))
  }
}

function outcomeOf(error: unknown, halt: AbortSignal, timeout: AbortSignal, keeper: StepKeeper): Outcome {
  if (halt.aborted) return { status: 'STOPPED' }
  const failure = timeout.aborted ? tookTooLong : failureOf(error)
  const isLimit = limitCodes.has(failure.code)
  return { status: keeper.saying || isLimit ? 'INTERRUPTED' : 'FAILED', failure }
}

const limitCodes = new Set<RunFailure['code']>(['STEP_LIMIT', 'RUN_TIMEOUT', 'OUTPUT_LIMIT', 'SERVER_RESTARTED'])

const tookTooLong: RunFailure = { code: 'RUN_TIMEOUT', message: 'The answer took too long.', retryable: true }

const serverRestarted: RunFailure = {
  code: 'SERVER_RESTARTED',
  message: 'The server restarted too often while it worked on this answer.',
  retryable: true,
}

function failureOf(error: unknown): RunFailure {
  if (error instanceof RunError) {
    if (error.cause) console.error(`model: ${error.code}: ${describe(error.cause)}`)
    return error.failure
  }
  console.error(`run: ${describe(error)}`)
  return { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong on the server.', retryable: true }
}

/** Errors of the embedded database carry kilobytes of code: only what they say is logged. */
function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).slice(0, 2_000) : String(error)
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

/** The unfinished message of a run that is given up keeps what was stored of it: told once more, as one delta. */
async function giveUp(
  em: SqlEntityManager,
  run: Run,
  keeper: StepKeeper,
  messageId: string | undefined,
): Promise<void> {
  if (!messageId) return
  const rows = await em.execute<{ event: StoredEvent }[]>(
    'select event from run_event where run_id = ? and user_id = ? order by attempt, last_seq',
    [run.id, run.userId],
  )
  let text = ''
  let previous = ''
  for (const { event } of rows) {
    if (event.type === 'message.reset' && event.messageId === messageId) {
      previous = text || previous
      text = ''
    }
    if (event.type === 'deltas' && event.messageId === messageId) text += event.texts.join('')
  }
  await keeper.take({ type: 'message.started', messageId })
  const kept = text || previous
  if (kept) await keeper.take({ type: 'message.delta', messageId, text: kept })
}
