import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Claim } from './begin-run.ts'
import { Run } from './run.entity.ts'

/**
 * A sign of life for these runs; gives those that are still ours, and whether a person wants them stopped. A row that is
 * being written this moment is left for the next time: the others must not wait for it.
 */
export async function renewLeases(
  em: SqlEntityManager,
  { ownerId, leaseMilliseconds }: Claim,
  runIds: readonly string[],
): Promise<Map<string, { stop: boolean }>> {
  const rows = await em.execute<{ id: string; stop: boolean }[]>(
    `with ours as (
       select id, stop_requested_at is not null as stop from run
       where owner_id = ? and status = 'RUNNING' and id in (select jsonb_array_elements_text(?::jsonb)::uuid)
     ), renewed as (
       update run set lease_until = now() + ? * interval '1 millisecond' where owner_id = ? and id in (
         select id from run where id in (select id from ours) for no key update skip locked
       )
     ) select id, stop from ours`,
    [ownerId, JSON.stringify(runIds), leaseMilliseconds, ownerId],
  )
  return new Map(rows.map(({ id, stop }) => [id, { stop }]))
}

/**
 * Claims runs whose owner gave no sign of life, and those that were let go of, at most `limit`; null takes all that are
 * RUNNING, whoever has them. Only a lost owner counts as an attempt. Runs of `except` are left alone.
 */
export async function takeOver(
  em: SqlEntityManager,
  { ownerId, leaseMilliseconds }: Claim,
  { limit, except }: { limit: number | null; except: readonly string[] },
): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `update run set owner_id = ?, lease_until = now() + ? * interval '1 millisecond',
       attempt = attempt + (owner_id is not null)::int, fruitless = fruitless + (owner_id is not null)::int
     where id in (
       select id from run where status = 'RUNNING' and (lease_until is null or lease_until < now() or ?)
         and id not in (select jsonb_array_elements_text(?::jsonb)::uuid)
       order by lease_until nulls first limit ? for update skip locked
     ) returning id`,
    [ownerId, leaseMilliseconds, limit === null, JSON.stringify(except), limit],
  )
  return rows.map(({ id }) => id)
}

/** Another process may take it at once. The attempt stays: all that was told of it is in the table. */
export async function letGo(em: SqlEntityManager, { ownerId }: Claim, { id, attempt }: Run): Promise<void> {
  await em.nativeUpdate(Run, { id, attempt, ownerId }, { ownerId: null, leaseUntil: null })
}
