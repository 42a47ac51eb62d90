import { createHash } from 'node:crypto'
import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Units } from '../auth/units.ts'
import { owned, type Viewer } from '../auth/viewer.ts'
import { AppError } from '../errors.ts'
import { IdempotencyKey } from '../runs/idempotency.entity.ts'
import type { Run } from '../runs/run.entity.ts'

/**
 * ChatKit posts a request again by itself when no stream came back, and the protocol has no key by which to know it. So
 * the same words of the same person in the same place are one message, until its first stream was served to the end or
 * a minute has passed: then the key is forgotten, and who says the same thing again means it. The keys are those of all
 * idempotent requests, in the database: a repeat may reach another process.
 */
const repeatSeconds = 60

export function repeatKey(viewer: Viewer, type: string, said: unknown): string {
  const request = JSON.stringify([viewer.id, type, said])
  return `chatkit-${createHash('sha256').update(request).digest('hex')}`
}

/**
 * Does what begins a run, or finds the run that an equal request began. `act` takes the key as its idempotency key. With
 * `afresh`, what is missing was deleted since, and is done anew; with `failed`, so is what has ended in anything but an
 * answer. Rejects as `act`.
 */
export async function oncePerRequest<T extends { run: Run }>(
  units: Units,
  viewer: Viewer,
  key: string,
  act: (em: SqlEntityManager, key: string) => Promise<T>,
  { afresh = false, failed = false } = {},
): Promise<T> {
  await forgetOldRequest(units.as(viewer), viewer, key)
  const first = await act(units.as(viewer), key).catch((error) => {
    if (afresh && error instanceof AppError && error.code === 'NOT_FOUND') return null
    throw error
  })
  // Who stopped the answer, or lost it, and asks for it again wants another one.
  const unanswered = first?.run.ended && first.run.status !== 'COMPLETED'
  if (first && !(unanswered && (failed || first.run.status === 'STOPPED'))) return first
  await forgetRequest(units.as(viewer), viewer, key)
  return act(units.as(viewer), key)
}

/** From now on, the same request is a new message. */
export async function forgetRequest(em: SqlEntityManager, viewer: Viewer, key: string): Promise<void> {
  await em.nativeDelete(IdempotencyKey, { key, ...owned(viewer) })
}

/** The same for a key that is older than a repeat can be. */
async function forgetOldRequest(em: SqlEntityManager, viewer: Viewer, key: string): Promise<void> {
  const createdAt = { $lt: new Date(Date.now() - repeatSeconds * 1_000) }
  await em.nativeDelete(IdempotencyKey, { key, createdAt, ...owned(viewer) })
}
