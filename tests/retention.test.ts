import { expect, test, vi } from 'vitest'
import { internalId } from '../api/ids.ts'
import { standardLimits } from '../api/limits.ts'
import { sweepOld } from '../api/runs/retention.ts'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { until } from './support/events.ts'
import { pause, says, startProvider } from './support/scripted-provider.ts'
import { at } from './support/user.ts'

vi.setConfig({ testTimeout: 60_000 })

async function start() {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  provider.always(says('One ', 'two ', 'three.'))
  const app = await startApp({ provider })
  const system = () => app.database.units.asSystem()
  return {
    ...{ provider, app, ada: await app.user('ada') },
    /** As if it had all happened so long ago. */
    async ages(run: { id: string }, hours: number): Promise<void> {
      const id = internalId('run', run.id)
      await system().execute(`update run set finished_at = now() - ? * interval '1 hour' where id = ?`, [hours, id])
    },
    async logOf(run: { id: string }): Promise<number> {
      const id = internalId('run', run.id)
      const [row] = await system().execute<{ rows: number }[]>(
        'select count(*)::int as rows from run_event where run_id = ?',
        [id],
      )
      return row?.rows ?? 0
    },
  }
}

test('the log of an ended run is kept for a day, then its messages remain', async () => {
  const { provider, app, ada, ages, logOf } = await start()
  const old = await ada.hears('Count')
  const young = await ada.hears('Again', { conversation: old.conversation })
  const { conversation: before } = await ada.query<{ conversation: { eventCursor: string } }>(
    'query ($id: ID!) { conversation(id: $id) { eventCursor } }',
    { id: old.conversation.id },
  )
  await ages(old.run, standardLimits.logHours + 0.1)
  await ages(young.run, standardLimits.logHours - 0.1)
  const later = await startApp({ provider })
  await vi.waitFor(async () => expect(await logOf(old.run)).toBe(0), { timeout: 30_000 })
  expect(await logOf(young.run)).toBeGreaterThan(0)

  const again = at(later.url, ada)
  // What came after a place in the old log cannot be told any more; that it ended can.
  const middle = old.events.find(({ __typename }) => __typename === 'MessageDelta')?.cursor ?? ''
  for (const followed of [old.run, old.conversation])
    await expect(Array.fromAsync(again.follows(followed, { after: middle }))).rejects.toMatchObject({
      code: 'RESYNC_REQUIRED',
    })
  expect(await Array.fromAsync(again.follows(old.run))).toMatchObject([
    { __typename: 'RunEnded', run: { id: old.run.id, status: 'COMPLETED' } },
  ])
  // Who had heard the old run to its end has missed nothing.
  const end = old.events.at(-1)?.cursor ?? ''
  expect(await Array.fromAsync(again.follows(old.run, { after: end }))).toEqual([])
  const rest = await Array.fromAsync(again.follows(young.run, { after: end }))
  expect(rest.map(({ __typename }) => __typename)).toEqual(young.events.map(({ __typename }) => __typename))
  // And who reads the messages follows from there.
  const { conversation: kept } = await again.query<{
    conversation: { eventCursor: string; messages: { edges: { node: { content: string } }[] } }
  }>('query ($id: ID!) { conversation(id: $id) { eventCursor messages { edges { node { content } } } } }', {
    id: old.conversation.id,
  })
  expect(kept.messages.edges.map(({ node }) => node.content)).toEqual([
    'Count',
    'One two three.',
    'Again',
    'One two three.',
  ])
  expect(kept.eventCursor).toBe(before.eventCursor)
  const following = again.follows(old.conversation, { after: kept.eventCursor })
  expect((await following.next()).value).toMatchObject({ __typename: 'ConversationUpdated' })
  await following.return()
  expect(app.url).not.toBe(later.url)
})

test('a run that was stopped in the queue, and forgotten, is in nobody’s way', async () => {
  const { provider, app, ada, ages, logOf } = await start()
  provider.plays(says('Slowly', pause))
  const { conversation, run } = await ada.asks('Count')
  await provider.paused()
  const waiting = await ada.asks('Again', { conversation, whenBusy: 'QUEUE' })
  await ada.stops(waiting.run)
  provider.resume()
  await Array.fromAsync(ada.follows(run))
  for (const old of [run, waiting.run]) await ages(old, standardLimits.logHours + 0.1)
  await sweepOld(app.database.units, standardLimits, new AbortController().signal)
  expect([await logOf(run), await logOf(waiting.run)]).toEqual([0, 0])
  const { conversation: kept } = await ada.query<{ conversation: { eventCursor: string } }>(
    'query ($id: ID!) { conversation(id: $id) { eventCursor } }',
    { id: conversation.id },
  )
  const next = await ada.asks('Go on', { conversation })
  const following = ada.follows(conversation, { after: kept.eventCursor })
  const heard = await until(following, (it) => it.__typename === 'RunStarted')
  expect(heard.filter(({ __typename }) => __typename !== 'ConversationUpdated')).toMatchObject([
    { __typename: 'RunEnded', run: { id: waiting.run.id, status: 'STOPPED' } },
    { __typename: 'RunStarted', run: { id: next.run.id } },
  ])
})

test('many old logs go batch by batch', async () => {
  const { app, ada, logOf } = await start()
  const { run, conversation } = await ada.hears('Count')
  const { units } = app.database
  const [row] = await units.asSystem().execute<{ user_id: string }[]>(
    `insert into run (id, user_id, conversation_id, message_id, status, model, created_at, finished_at)
     select gen_random_uuid(), user_id, conversation_id, message_id, 'COMPLETED', model, created_at, now() - interval '2 days'
     from run, generate_series(1, 250) where id = ? returning user_id`,
    [internalId('run', run.id)],
  )
  await units.asSystem().execute(
    `insert into run_event (run_id, attempt, last_seq, user_id, event)
     select id, 1, 1, user_id, '{"type":"run.ended"}' from run where conversation_id = ? and id <> ?`,
    [internalId('conv', conversation.id), internalId('run', run.id)],
  )
  const rows = async () => {
    const [left] = await units
      .asSystem()
      .execute<{ rows: number }[]>('select count(*)::int as rows from run_event where user_id = ?', [row?.user_id])
    return left?.rows
  }
  const own = await logOf(run)
  expect(await rows()).toBe(own + 250)
  await sweepOld(units, standardLimits, AbortSignal.abort())
  expect(await rows()).toBe(own + 250)
  await sweepOld(units, standardLimits, new AbortController().signal)
  expect(await rows()).toBe(own)
})

test('an idempotency key holds for two days', async () => {
  const { app, ada } = await start()
  const { units } = app.database
  const first = await ada.hears('Once', { idempotencyKey: 'key of old times' })
  const second = await ada.hears('Once', { idempotencyKey: 'key of our times' })
  const age = (key: string, hours: number) =>
    units
      .asSystem()
      .execute(`update idempotency_key set created_at = now() - ? * interval '1 hour' where key = ?`, [hours, key])
  await age('key of old times', standardLimits.idempotencyHours + 0.1)
  await age('key of our times', standardLimits.idempotencyHours - 0.1)
  await sweepOld(units, standardLimits, new AbortController().signal)
  expect((await ada.asks('Once', { idempotencyKey: 'key of our times' })).run.id).toBe(second.run.id)
  const again = await ada.hears('Something else', { idempotencyKey: 'key of old times' })
  expect(again.run.id).not.toBe(first.run.id)
})
