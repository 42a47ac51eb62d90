import type { SqlEntityManager } from '@mikro-orm/sql'
import { AppError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { beginRun, type Claim } from './begin-run.ts'
import { Run } from './run.entity.ts'

/**
 * Starts a run that nobody waited for, unless too many answers of its user are being made already: RATE_LIMITED. What
 * waits for a person, or in a queue, is not being made.
 */
export async function beginAtOnce(
  em: SqlEntityManager,
  run: Run,
  { claim, limits }: { claim: Claim; limits: Pick<Limits, 'runsPerUser'> },
  changed: readonly string[] = [],
): Promise<void> {
  const { userId } = run
  // Two that begin at once must see each other.
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`runs of ${userId}`])
  const limit = limits.runsPerUser
  const actual = (await em.count(Run, { userId, status: 'RUNNING' })) + 1
  if (actual > limit)
    throw new AppError('RATE_LIMITED', `${limit} answers are being made for you already. Wait for one to end.`, {
      ...{ limitName: 'runsPerUser', limit, actual, retryAfterMs: 1_000 },
    })
  await beginRun(em, run, claim, false, changed)
}

const lookMs = 50

/** Resolves as soon as this process works on fewer runs than it may. Throws OVERLOADED when that takes too long. */
export async function waitForRoom(
  running: () => number,
  { runs, queueSeconds }: Pick<Limits, 'runs' | 'queueSeconds'>,
): Promise<void> {
  const until = performance.now() + queueSeconds * 1_000
  while (running() >= runs) {
    if (performance.now() >= until)
      throw new AppError('OVERLOADED', 'Too many answers are being made right now. Try again in a moment.', {
        ...{ limitName: 'runs', limit: runs, actual: running() + 1, retryAfterMs: queueSeconds * 1_000 },
      })
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}
