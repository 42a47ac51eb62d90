import type { SqlEntityManager } from '@mikro-orm/sql'
import { v7 } from 'uuid'
import type { Bell, Listener } from '../bell/bell.ts'
import { inTransaction } from '../bell/in-transaction.ts'
import { ringConversation } from '../conversations/conversations.ts'
import type { Limits } from '../limits.ts'
import type { Toolboxes } from '../tools/toolbox.ts'
import { beginNext, type Claim } from './begin-run.ts'
import { execute, Halt } from './execute.ts'
import type { Model } from './model.ts'
import { Run } from './run.entity.ts'
import type { RunLog } from './run-log.ts'
import { giveTitle } from './title.ts'

export type WorkerParts = {
  log: RunLog
  model: Model
  toolboxes: Toolboxes
  bell: Bell
  limits: Limits
  /** The only process there can be: at start every run that says RUNNING is left over. */
  alone: boolean
}

type Execution = { halt: AbortController; done: Promise<void> }

/** Heard by every process: a run, named by the hint, should stop. */
const stopTopic = 'stop'

const takenAtOnce = 20

/** Works on the runs that this process holds: keeps their leases, stops them when asked, takes over those of the dead. */
export class RunWorker {
  readonly claim: Claim
  #parts: WorkerParts
  #running = new Map<string, Execution>()
  #titles = new Set<Promise<void>>()
  #closing = new AbortController()
  #timers: NodeJS.Timeout[] = []
  #stops: Listener
  #renewedAt = Date.now()

  constructor(parts: WorkerParts) {
    this.#parts = parts
    this.claim = { ownerId: v7(), leaseMilliseconds: parts.limits.leaseMilliseconds }
    this.#stops = parts.bell.listen(stopTopic, this.#closing.signal)
  }

  /** Takes over what is left over, and from now on looks for more. */
  async begin(): Promise<void> {
    const { leaseMilliseconds } = this.claim
    await this.#takeOver(this.#parts.alone)
    this.#timers.push(setInterval(() => void this.#renew(), leaseMilliseconds * 0.3))
    this.#timers.push(setInterval(() => void this.#sweep(), leaseMilliseconds * 0.3))
    for (const timer of this.#timers) timer.unref()
    void this.#hearStops()
  }

  /** Works on a run that this process has claimed. */
  start(runId: string): void {
    if (this.#running.has(runId)) return
    const halt = new AbortController()
    if (this.#closing.signal.aborted) halt.abort(new Halt('handover'))
    const done = this.#execute(runId, halt).finally(() => this.#running.delete(runId))
    this.#running.set(runId, { halt, done })
  }

  /** Says to whoever works on the run that a person wants no more. */
  stop(runId: string): void {
    this.#running.get(runId)?.halt.abort(new Halt('stop'))
    this.#parts.bell.ring(stopTopic, runId)
  }

  /** Lets the runs finish for the drain time, then hands over what is left. */
  async close(): Promise<void> {
    const { limits } = this.#parts
    for (const timer of this.#timers.slice(1)) clearInterval(timer)
    const timeout = Promise.withResolvers<void>()
    const timer = setTimeout(timeout.resolve, limits.drainSeconds * 1_000)
    while (this.#running.size > 0) {
      const finished = Promise.all([...this.#running.values()].map(({ done }) => done)).then(() => 'finished')
      if ((await Promise.race([finished, timeout.promise])) !== 'finished') break
    }
    clearTimeout(timer)
    this.#closing.abort(new Halt('handover'))
    for (const { halt } of this.#running.values()) halt.abort(new Halt('handover'))
    await Promise.all([...this.#running.values()].map(({ done }) => done))
    await Promise.all(this.#titles)
    for (const timer of this.#timers) clearInterval(timer)
  }

  async #execute(runId: string, halt: AbortController): Promise<void> {
    const { log, bell } = this.#parts
    try {
      const run = await log.units.asSystem().findOne(Run, { id: runId, ownerId: this.claim.ownerId, status: 'RUNNING' })
      if (!run) return
      if (run.stopRequestedAt) halt.abort(new Halt('stop'))
      const next: string[] = []
      const andThen = async (em: SqlEntityManager) => {
        const id = await beginNext(em, run, this.claim)
        if (id) next.push(id)
      }
      const result = await execute({ ...this.#parts, andThen }, run, halt.signal)
      if (result === 'handover') await this.#letGo(run)
      if (result !== 'ended') return
      ringConversation(bell, { id: run.conversationId, userId: run.userId })
      for (const id of next) this.start(id)
      this.#title(run)
    } catch (error) {
      // The lease runs out, and whoever finds the run then goes on with it.
      console.error(`run: ${error instanceof Error ? error.message.slice(0, 500) : error}`)
    }
  }

  /** Another process may take it at once. The attempt stays: all that was told of it is in the table. */
  async #letGo(run: Run): Promise<void> {
    const { id, attempt } = run
    await this.#parts.log.units
      .asSystem()
      .nativeUpdate(Run, { id, attempt, ownerId: this.claim.ownerId }, { ownerId: null, leaseUntil: null })
  }

  #title(run: Run): void {
    const { log, model, bell } = this.#parts
    const titled = giveTitle({ units: log.units, model, bell }, run, this.#closing.signal).finally(() =>
      this.#titles.delete(titled),
    )
    this.#titles.add(titled)
  }

  /** Signs of life for all runs at once. A run that is no longer ours is dropped; so are all when the database is away too long. */
  async #renew(): Promise<void> {
    const ids = [...this.#running.keys()]
    const { ownerId, leaseMilliseconds } = this.claim
    try {
      const rows = await this.#parts.log.units.asSystem().execute<{ id: string; stop_requested_at: string | null }[]>(
        `update run set lease_until = now() + ? * interval '1 millisecond'
         where owner_id = ? and status = 'RUNNING' and id in (select jsonb_array_elements_text(?::jsonb)::uuid) returning id, stop_requested_at`,
        [leaseMilliseconds, ownerId, JSON.stringify(ids)],
      )
      this.#renewedAt = Date.now()
      const asked = new Set(rows.filter((row) => row.stop_requested_at !== null).map((row) => row.id))
      for (const id of asked) this.#running.get(id)?.halt.abort(new Halt('stop'))
    } catch {
      if (Date.now() - this.#renewedAt < leaseMilliseconds * 0.7) return
      for (const { halt } of this.#running.values()) halt.abort(new Halt('lost'))
    }
  }

  async #sweep(): Promise<void> {
    try {
      await this.#takeOver(false)
      await this.#startWaiting()
    } catch (error) {
      console.error(`runs: ${error instanceof Error ? error.message.slice(0, 500) : error}`)
    }
  }

  /** Runs whose owner gave no sign of life, and those that were let go of. Only a lost owner counts as an attempt. */
  async #takeOver(everything: boolean): Promise<void> {
    const { ownerId, leaseMilliseconds } = this.claim
    const mine = JSON.stringify([...this.#running.keys()])
    const rows = await this.#parts.log.units.asSystem().execute<{ id: string }[]>(
      `update run set owner_id = ?, lease_until = now() + ? * interval '1 millisecond',
         attempt = attempt + (owner_id is not null)::int, fruitless = fruitless + (owner_id is not null)::int
       where id in (
         select id from run where status = 'RUNNING' and (lease_until is null or lease_until < now() or ?)
           and id not in (select jsonb_array_elements_text(?::jsonb)::uuid)
         order by lease_until nulls first limit ${everything ? 'all' : takenAtOnce} for update skip locked
       ) returning id`,
      [ownerId, leaseMilliseconds, everything, mine],
    )
    for (const { id } of rows) this.start(id)
  }

  /** The net under the queue: conversations in which something waits and nothing runs. */
  async #startWaiting(): Promise<void> {
    const em = this.#parts.log.units.asSystem()
    const rows = await em.execute<{ conversation_id: string; user_id: string }[]>(
      `select distinct conversation_id, user_id from run waiting where status = 'QUEUED' and not exists (
         select from run where conversation_id = waiting.conversation_id and status in ('RUNNING', 'AWAITING_APPROVAL')
       ) limit ${takenAtOnce}`,
    )
    for (const row of rows) await this.#startNext({ conversationId: row.conversation_id, userId: row.user_id })
  }

  async #startNext(of: { conversationId: string; userId: string }): Promise<void> {
    const { log, bell } = this.#parts
    const next = await inTransaction(log.units.as({ id: of.userId }), bell, async (em, bell) => {
      await em.execute('select from conversation where id = ? and user_id = ? for no key update', [
        of.conversationId,
        of.userId,
      ])
      const active = await em.count(Run, { ...of, status: { $in: ['RUNNING', 'AWAITING_APPROVAL'] } })
      const id = active === 0 ? await beginNext(em, of, this.claim) : null
      if (id) ringConversation(bell, { id: of.conversationId, userId: of.userId })
      return id
    })
    if (next) this.start(next)
  }

  async #hearStops(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      for (const runId of await this.#stops.next()) {
        const execution = this.#running.get(runId)
        // One that waited for a person has nobody to hear this: whoever takes it over ends it.
        if (!execution) await this.#sweep()
        execution?.halt.abort(new Halt('stop'))
      }
    }
  }
}
