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
  const { claim, signal } = keeping
  const { leaseMilliseconds } = claim
  let renewedAt = performance.now()
  let failed = false
  while (await waited(leaseMilliseconds * (failed ? 0.1 : 0.3), signal)) {
    const began = performance.now()
    failed = !(await renew(keeping, leaseMilliseconds * 0.2))
    if (!failed) renewedAt = began
    else if (performance.now() - renewedAt > leaseMilliseconds * 0.7) keeping.loseAll()
  }
}

async function renew({ claim, em, held, halt }: Keeping, patienceMs: number): Promise<boolean> {
  const ids = held()
  if (ids.length === 0) return true
  try {
    const ours = await within(patienceMs, renewLeases(em(), claim, ids))
    for (const id of ids) {
      // One that has just ended is not among them either: it hears this no more.
      if (!ours.has(id)) halt(id, 'lost')
      if (ours.get(id)?.stop) halt(id, 'stop')
    }
    return true
  } catch (error) {
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
