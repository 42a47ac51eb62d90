import type { Units } from '../auth/units.ts'
import type { Limits } from '../limits.ts'

/** So much in one statement: a sweep never holds rows for long. */
const batch = 100

/** What is kept for a while only: logs of runs that ended long ago (the messages stay), keys of old requests, files that were never sent. */
export async function sweepOld(
  units: Units,
  {
    logHours,
    idempotencyHours,
    attachmentDraftHours,
  }: Pick<Limits, 'logHours' | 'idempotencyHours' | 'attachmentDraftHours'>,
  signal: AbortSignal,
): Promise<void> {
  await sweep(units, sweepLogs, logHours, signal)
  await sweep(units, sweepKeys, idempotencyHours, signal)
  await sweep(units, sweepDrafts, attachmentDraftHours, signal)
}

/** Batch after batch, until one is not full. */
async function sweep(units: Units, statement: string, hours: number, signal: AbortSignal): Promise<void> {
  for (let swept = batch; swept === batch && !signal.aborted; ) {
    const [row] = await units.asSystem().execute<{ swept: number }[]>(statement, [hours, batch])
    swept = row?.swept ?? 0
  }
}

/** A run that another sweep has in hand is left to it. */
const sweepLogs = `
  with old as (
    select id from run where log_swept_at is null and finished_at < now() - ? * interval '1 hour'
    order by finished_at limit ? for no key update skip locked
  ), swept as (
    update run set log_swept_at = now() where id in (select id from old)
  ), gone as (
    delete from run_event where run_id in (select id from old)
  ) select count(*)::int as swept from old`

const sweepKeys = `
  with old as (
    select user_id, key from idempotency_key where created_at < now() - ? * interval '1 hour'
    order by created_at limit ? for update skip locked
  ), gone as (
    delete from idempotency_key using old where idempotency_key.user_id = old.user_id and idempotency_key.key = old.key
  ) select count(*)::int as swept from old`

const sweepDrafts = `
  with old as (
    select id from attachment where message_id is null and created_at < now() - ? * interval '1 hour'
    order by created_at limit ? for update skip locked
  ), gone as (
    delete from attachment where id in (select id from old)
  ) select count(*)::int as swept from old`
