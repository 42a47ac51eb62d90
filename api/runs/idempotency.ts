import { createHash } from 'node:crypto'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import { inTransaction } from '../bell/in-transaction.ts'
import { AppError, badInput } from '../errors.ts'
import { IdempotencyKey } from './idempotency.entity.ts'

export type Repeatable<T> = {
  /** 8 to 128 printable ASCII characters; without one the work is simply done. */
  key?: string | null
  /** Names the operation: one key belongs to one of them. */
  operation: string
  /** Everything that the result depends on. */
  input: unknown
  /** Does the work in the transaction that keeps the key. */
  work(em: SqlEntityManager, bell: Bell): Promise<T>
  /** Ids by which the result is found again. */
  idsOf(result: T): Record<string, string>
  /** The result of the first request, as it is now. Throws NOT_FOUND when it was deleted since. */
  again(em: SqlEntityManager, ids: Record<string, string>): Promise<T>
}

/**
 * Does the work once per key, however often and at how many servers it is asked for: a repeat gives the first result.
 * Throws IDEMPOTENCY_KEY_REUSED for the same key with another body. A refused request keeps no key.
 */
export async function idempotent<T>(
  em: SqlEntityManager,
  viewer: Viewer,
  bell: Bell,
  request: Repeatable<T>,
): Promise<T> {
  const { key, work, idsOf, again } = request
  if (key == null) return inTransaction(em, bell, work)
  if (!/^[\x20-\x7e]{8,128}$/.test(key))
    throw badInput(['input', 'idempotencyKey'], 'must be 8 to 128 printable ASCII characters')
  const hash = hashOf(request)
  return inTransaction(em, bell, async (em, bell) => {
    if (await isFirst(em, viewer, key, hash)) {
      const result = await work(em, bell)
      await em.nativeUpdate(IdempotencyKey, { key, userId: viewer.id }, { result: idsOf(result) })
      return result
    }
    const first = await em.findOneOrFail(IdempotencyKey, { key, userId: viewer.id, ...owned(viewer) })
    if (first.hash !== hash || !first.result)
      throw new AppError('IDEMPOTENCY_KEY_REUSED', 'This idempotency key was used for another request.')
    return again(em, first.result)
  })
}

/** Whether a request with this key was done: a repeat costs nothing and waits for nothing. */
export async function wasDone(em: SqlEntityManager, viewer: Viewer, key: string): Promise<boolean> {
  return (await em.count(IdempotencyKey, { key, userId: viewer.id, ...owned(viewer) })) > 0
}

/** Waits for a request with the same key that is under way: its end decides. */
async function isFirst(em: SqlEntityManager, viewer: Viewer, key: string, hash: string): Promise<boolean> {
  const rows = await em.execute<{ key: string }[]>(
    `insert into idempotency_key (user_id, key, hash, created_at) values (?, ?, ?, now()) on conflict do nothing returning key`,
    [viewer.id, key, hash],
  )
  return rows.length > 0
}

function hashOf({ operation, input }: { operation: string; input: unknown }): string {
  return createHash('sha256')
    .update(JSON.stringify([operation, canonical(input)]))
    .digest('hex')
}

/** The same members in another order are the same input; a member that is undefined is left out. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  const members = Object.entries(value).filter(([, it]) => it !== undefined)
  return members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, it]) => [name, canonical(it)])
}
