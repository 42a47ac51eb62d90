import type { SqlEntityManager } from '@mikro-orm/sql'
import { v7 } from 'uuid'
import type { Bell, Listener } from '../bell/bell.ts'
import { whileAway } from '../bell/connection.ts'
import { ringConversation } from '../conversations/conversations.ts'
import type { Limits } from '../limits.ts'
import type { Toolboxes } from '../tools/toolbox.ts'
import { beginNext, type Claim } from './begin-run.ts'
import { beginWaiting } from './begin-waiting.ts'
import { complain } from './complain.ts'
import { execute, Halt } from './execute.ts'
import { keepLeases } from './keep-leases.ts'
import { letGo, takeOver } from './lease.ts'
import type { Model } from './model.ts'
import { sweepOld } from './retention.ts'
import { Run } from './run.entity.ts'
import { patienceMs, type RunLog } from './run-log.ts'
import { giveTitle } from './title.ts'
import { waited } from './waited.ts'

export type WorkerParts = {
  log: RunLog
  model: Model
  toolboxes: Toolboxes
  bell: Bell
  limits: Limits
  /** The only process there can be: at start every run that says RUNNING is left over. */
  alone: boolean
  /** The database was away for so long that other processes may hold our runs: readers are better off elsewhere. */
  onLost(): void
}

type Execution = { halt: AbortController; done: Promise<void>; again: boolean }

/** Heard by every process: a run, named by the hint, should stop. */
const stopTopic = 'stop'

/** Heard by every process: runs were let go of. */
const handoverTopic = 'handover'

/** So few at once that other processes get their share. */
const takenAtOnce = 20
const moreMs = 100

/** So often what is old is cleared away. */
const clearMs = 300_000

/** Of older ones than so many the lease has run out long since. */
const fallenInMemory = 1_000

/** Works on the runs that this process holds: keeps their leases, stops them when asked, takes over those of the dead. */
export class RunWorker {
  readonly claim: Claim
  #parts: WorkerParts
  #running = new Map<string, Execution>()
  /** Attempts that this process let fall: what it told of them may not be in the table, so only a new one may go on. */
  #fallen = new Map<string, number>()
  #titles = new Set<Promise<void>>()
  /** From now on no work is looked for. */
  #draining = new AbortController()
  /** From now on whatever is held is handed over. */
  #closing = new AbortController()
  #closed = new AbortController()
  #stops: Listener
  #handovers: Listener

  constructor(parts: WorkerParts) {
    this.#parts = parts
    this.claim = { ownerId: v7(), leaseMilliseconds: parts.limits.leaseMilliseconds }
    this.#stops = parts.bell.listen(stopTopic, this.#closing.signal)
    this.#handovers = parts.bell.listen(handoverTopic, this.#draining.signal)
  }

  /** Takes over what is left over, and from now on looks for more. */
  async begin(): Promise<void> {
    const all = { limit: this.#parts.alone ? null : takenAtOnce, except: [] }
    for (const id of await takeOver(this.#system(), this.claim, all)) this.start(id)
    void this.#lookForWork()
    void keepLeases({
      claim: this.claim,
      em: () => this.#system(),
      held: () => [...this.#running.keys()],
      halt: (runId, why) => this.#halt(runId, why),
      loseAll: () => this.#loseAll(),
      signal: this.#closed.signal,
    })
    void this.#hearStops()
    void this.#clearOld()
  }

  /** Works on a run that this process has claimed. */
  start(runId: string): void {
    const running = this.#running.get(runId)
    if (running) {
      // It lets go of the run this moment, and somebody gave it back already.
      running.again = true
      return
    }
    const halt = new AbortController()
    const done = this.#execute(runId, halt).finally(() => {
      const again = this.#running.get(runId)?.again
      this.#running.delete(runId)
      if (again) this.start(runId)
    })
    this.#running.set(runId, { halt, done, again: false })
  }

  /** How many runs it works on. */
  get running(): number {
    return this.#running.size
  }

  /** Whether it hands over whatever it is given: new work is better sent to another process. */
  get closing(): boolean {
    return this.#closing.signal.aborted
  }

  /** Says to whoever works on the run that a person wants no more. */
  stop(runId: string): void {
    this.#halt(runId, 'stop')
    this.#parts.bell.ring(stopTopic, runId)
  }

  /** Lets the runs finish for the drain time, then hands over what is left. */
  async close(): Promise<void> {
    this.#draining.abort()
    const { promise: timeout, resolve } = Promise.withResolvers<'timeout'>()
    const timer = setTimeout(resolve, this.#parts.limits.drainSeconds * 1_000, 'timeout')
    while (this.#running.size > 0 && (await Promise.race([this.#allDone(), timeout])) !== 'timeout');
    clearTimeout(timer)
    this.#closing.abort()
    for (const id of this.#running.keys()) this.#halt(id, 'handover')
    // The end of one may be the beginning of the next.
    while (this.#running.size > 0) await this.#allDone()
    await Promise.all(this.#titles)
    this.#closed.abort()
  }

  async #allDone(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  #system(): SqlEntityManager {
    return this.#parts.log.units.asSystem()
  }

  #halt(runId: string, why: Halt['why']): void {
    this.#running.get(runId)?.halt.abort(new Halt(why))
  }

  async #execute(runId: string, halt: AbortController): Promise<void> {
    const { ownerId } = this.claim
    try {
      const run = await whileAway(patienceMs, () =>
        this.#system().findOne(Run, { id: runId, ownerId, status: 'RUNNING' }),
      )
      if (!run || run.attempt <= (this.#fallen.get(runId) ?? 0)) return
      if (this.closing) return await this.#handOver(run)
      this.#fallen.set(runId, run.attempt)
      await this.#work(run, halt)
    } catch (error) {
      // The lease runs out, and whoever finds the run then goes on with it.
      complain('run', error)
    }
    if (this.#fallen.size > fallenInMemory) this.#fallen.delete(this.#fallen.keys().next().value ?? '')
  }

  async #work(run: Run, halt: AbortController): Promise<void> {
    if (run.stopRequestedAt) halt.abort(new Halt('stop'))
    const next: { id: string | null } = { id: null }
    const andThen = async (em: SqlEntityManager) => {
      next.id = await beginNext(em, run, this.claim)
    }
    const result = await execute({ ...this.#parts, andThen }, run, halt.signal)
    if (result === 'lost') return
    this.#fallen.delete(run.id)
    if (result === 'handover') return this.#handOver(run)
    ringConversation(this.#parts.bell, { id: run.conversationId, userId: run.userId })
    if (result === 'waits') return
    if (next.id) this.start(next.id)
    this.#title(run)
  }

  async #handOver(run: Run): Promise<void> {
    await letGo(this.#system(), this.claim, run)
    this.#parts.bell.ring(handoverTopic)
  }

  #title(run: Run): void {
    const { log, model, bell } = this.#parts
    const titled = giveTitle({ units: log.units, model, bell }, run, this.#closing.signal).finally(() =>
      this.#titles.delete(titled),
    )
    this.#titles.add(titled)
  }

  #loseAll(): void {
    for (const id of this.#running.keys()) this.#halt(id, 'lost')
    this.#parts.onLost()
  }

  async #lookForWork(): Promise<void> {
    while (!this.#draining.signal.aborted) {
      await this.#handovers.next(this.claim.leaseMilliseconds * 0.3)
      if (!this.#draining.signal.aborted) await this.#sweep()
    }
  }

  async #sweep(): Promise<void> {
    try {
      for (let more = true; more && !this.closing; ) {
        const taken = await takeOver(this.#system(), this.claim, {
          limit: takenAtOnce,
          except: [...this.#running.keys()],
        })
        for (const id of taken) this.start(id)
        more = taken.length === takenAtOnce && (await waited(moreMs, this.#draining.signal))
      }
      for (const id of await beginWaiting(this.#parts, this.claim)) this.start(id)
    } catch (error) {
      complain('runs', error)
    }
  }

  async #clearOld(): Promise<void> {
    const { signal } = this.#draining
    do {
      await sweepOld(this.#parts.log.units, this.#parts.limits, signal).catch((error) => complain('retention', error))
    } while (await waited(clearMs, signal))
  }

  async #hearStops(): Promise<void> {
    while (!this.closing) {
      for (const runId of await this.#stops.next()) {
        // One that waited for a person has nobody to hear this: whoever takes it over ends it.
        if (!this.#running.has(runId)) await this.#sweep()
        this.#halt(runId, 'stop')
      }
    }
  }
}
