import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Claim } from './begin-run.ts'
import { complain } from './complain.ts'
import type { Halt } from './execute.ts'
import { renewLeases } from './lease.ts'
import { waited } from './waited.ts'

export type Keeping = {
  claim: Claim
  em(): SqlEntityManager
  /** The runs that this process works on now. */
  held(): string[]
  halt(runId: string, why: Halt['why']): void
  loseAll(): void
  signal: AbortSignal
}

/**
 * Renews the leases of all runs that are held, until the signal aborts. A run that is no longer ours is dropped; so are
 * all when the database was away for so long that others may hold them soon.
 */
export async function keepLeases(keeping: Keeping): Promise<void> {
  const { claim, held, signal } = keeping
  const { leaseMilliseconds } = claim
  let renewedAt = performance.now()
  let failed = false
  while (await waited(leaseMilliseconds * (failed ? 0.1 : 0.3), signal)) {
    const began = performance.now()
    // One that is answered late has renewed them all the same: a busy process must not give up what it holds.
    const renewal = renew(keeping, held()).then((found) => {
      renewedAt = Math.max(renewedAt, began)
      return found
    })
    failed = !(await told(keeping, renewal, leaseMilliseconds * 0.2))
    if (failed && performance.now() - renewedAt > leaseMilliseconds * 0.7) keeping.loseAll()
  }
}

type Told = { id: string; why: Halt['why'] }[]

async function renew({ claim, em }: Keeping, ids: string[]): Promise<Told> {
  if (ids.length === 0) return []
  const ours = await renewLeases(em(), claim, ids)
  return ids.flatMap((id): Told => {
    // One that has just ended is not among them either: it hears this no more.
    if (!ours.has(id)) return [{ id, why: 'lost' }]
    return ours.get(id)?.stop ? [{ id, why: 'stop' }] : []
  })
}

/** Passes on what the renewal says of runs, if it says it in time: later they may be others under the same id. */
async function told({ halt }: Keeping, renewal: Promise<Told>, patienceMs: number): Promise<boolean> {
  try {
    for (const { id, why } of await within(patienceMs, renewal)) halt(id, why)
    return true
  } catch (error) {
    renewal.catch(() => {})
    complain('lease', error)
    return false
  }
}

/** Rejects when the promise takes longer. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
