import { expect, test } from 'vitest'
import { standardLimits } from '../api/limits.ts'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { until } from './support/events.ts'
import { pause, says, startProvider } from './support/scripted-provider.ts'

async function start(limits = {}) {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const app = await startApp({ provider, limits })
  return { provider, app, ada: await app.user('ada') }
}

const messagesOf = /* GraphQL */ `query ($id: ID!) { conversation(id: $id) {
  messages { edges { node { id sequence role content status run { id status } } } } runs { edges { node { id status } } } } }`

type Kept = {
  conversation: {
    messages: { edges: { node: { id: string; sequence: number; role: string; content: string } }[] }
    runs: { edges: { node: { id: string; status: string } }[] }
  }
}

test('fifty copies of one send with one key are one message, one run and the same payload', async () => {
  // They are more than may be sent in a minute.
  const { provider, ada } = await start({ ...standardLimits, drainSeconds: 1 })
  expect(standardLimits.sendsPerMinute).toBeLessThan(50)
  provider.plays(says('On', pause, 'ce.'))
  const idempotencyKey = 'the-same-key'
  const all = await Promise.all(Array.from({ length: 50 }, () => ada.asks('Only once', { idempotencyKey })))
  expect(new Set(all.map((it) => JSON.stringify(it))).size).toBe(1)
  const first = all[0]
  if (!first) throw new Error('nothing was sent')
  provider.resume()
  await until(ada.follows(first.run), (it) => it.__typename === 'RunEnded')
  const again = await ada.asks('Only once', { idempotencyKey })
  expect(again.run.id).toBe(first.run.id)
  const { conversation } = await ada.query<Kept>(messagesOf, { id: first.conversation.id })
  expect(conversation.messages.edges).toHaveLength(2)
  expect(conversation.runs.edges).toHaveLength(1)
  expect(provider.requests).toHaveLength(1)
})

test('a repeat is answered also when nothing more may be sent', async () => {
  const { provider, ada } = await start({ sendsPerMinute: 1 })
  provider.always(says('ok'))
  const first = await ada.hears('Once', { idempotencyKey: 'the-only-key' })
  const again = await ada.asks('Once', { idempotencyKey: 'the-only-key' })
  expect(again.run.id).toBe(first.run.id)
  await expect(ada.asks('More', { idempotencyKey: 'another-key' })).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  await expect(ada.asks('More')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
})

test('the same key with another body is refused, and another user may use it', async () => {
  const { provider, app, ada } = await start()
  provider.always(says('ok'))
  const idempotencyKey = 'key-for-two'
  const first = await ada.hears('One thing', { idempotencyKey })
  await expect(ada.asks('Another thing', { idempotencyKey })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
  const eve = await app.user('eve')
  const other = await eve.asks('One thing', { idempotencyKey })
  expect(other.run.id).not.toBe(first.run.id)
})

test('a refused request keeps no key', async () => {
  const { provider, ada } = await start()
  provider.plays(says('Wait', pause), says('Later.'))
  const { conversation, run } = await ada.asks('First')
  const idempotencyKey = 'refused-once'
  await expect(ada.asks('Second', { conversation, idempotencyKey })).rejects.toMatchObject({ code: 'RUN_ACTIVE' })
  await provider.paused()
  provider.resume()
  await until(ada.follows(run), (it) => it.__typename === 'RunEnded')
  await expect(ada.hears('Second', { conversation, idempotencyKey })).resolves.toMatchObject({ text: 'Later.' })
})

test.each(['short', 'x'.repeat(129), 'with\nnewline'])(
  'a key that is not 8 to 128 printable characters is refused (%#)',
  async (idempotencyKey) => {
    const { ada } = await start()
    await expect(ada.asks('Hi', { idempotencyKey })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  },
)

test('a queued message is answered when its turn comes, at the end of the conversation', async () => {
  const { provider, ada } = await start()
  provider.plays(says('One', pause), says('Two'), says('Three'))
  const first = await ada.asks('1')
  const { conversation } = first
  const second = await ada.asks('2', { conversation, whenBusy: 'QUEUE' })
  const third = await ada.asks('3', { conversation, whenBusy: 'QUEUE' })
  expect(second.run.status).toBe('QUEUED')
  await provider.paused()
  const following = until(ada.follows(third.run), (it) => it.__typename === 'RunEnded')
  provider.resume()
  await following
  const { conversation: kept } = await ada.query<Kept>(messagesOf, { id: conversation.id })
  expect(kept.messages.edges.map(({ node }) => node.content)).toEqual(['1', 'One', '2', 'Two', '3', 'Three'])
  expect(kept.messages.edges.map(({ node }) => node.sequence)).toEqual(
    kept.messages.edges.map(({ node }) => node.sequence).toSorted((a, b) => a - b),
  )
  // What has not had its turn yet, nobody was asked.
  expect(provider.requests.map(({ transcript }) => transcript)).toEqual([
    [{ user: '1' }],
    [{ user: '1' }, { assistant: 'One' }, { user: '2' }],
    [{ user: '1' }, { assistant: 'One' }, { user: '2' }, { assistant: 'Two' }, { user: '3' }],
  ])
  expect(provider.refusals).toEqual([])
})

test('so many may wait, and no more', async () => {
  const { provider, ada } = await start({ queuedRuns: 2 })
  provider.plays(says('One', pause))
  const { conversation } = await ada.asks('1')
  await ada.asks('2', { conversation, whenBusy: 'QUEUE' })
  await ada.asks('3', { conversation, whenBusy: 'QUEUE' })
  await expect(ada.asks('4', { conversation, whenBusy: 'QUEUE' })).rejects.toMatchObject({ code: 'RUN_ACTIVE' })
})

test('an interrupting message stops the answer, keeps its text and is answered next', async () => {
  const { provider, ada } = await start()
  provider.plays(says('The old', pause), says('The new.'), says('The patient.'))
  const first = await ada.asks('1')
  const { conversation } = first
  await ada.sees(first.run, 'The old')
  const patient = await ada.asks('2', { conversation, whenBusy: 'QUEUE' })
  const urgent = await ada.asks('3', { conversation, whenBusy: 'INTERRUPT' })
  const events = await Array.fromAsync(ada.follows(urgent.run))
  expect(events.at(-1)).toMatchObject({ __typename: 'RunEnded', run: { status: 'COMPLETED' } })
  await Array.fromAsync(ada.follows(patient.run))
  const { conversation: kept } = await ada.query<Kept>(messagesOf, { id: conversation.id })
  expect(kept.messages.edges.map(({ node }) => node.content)).toEqual([
    '1',
    'The old',
    '3',
    'The new.',
    '2',
    'The patient.',
  ])
})

test('of two that interrupt before the answer has stopped, the newer goes first', async () => {
  const { provider, app, ada } = await start({ leaseMilliseconds: 2_000 })
  provider.plays(says('The old', pause), says('To C.'), says('To B.'), says('To D.'))
  const { conversation, run } = await ada.asks('A')
  await ada.sees(run, 'The old')
  // As if another process held the run, and were slow to stop it.
  const hold = (until: string) =>
    app.database.units
      .asSystem()
      .execute(
        `update run set attempt = attempt + 1, owner_id = gen_random_uuid(), lease_until = ${until} where status = 'RUNNING'`,
      )
  await hold(`now() + interval '1 hour'`)
  const sent = [
    await ada.asks('D', { conversation, whenBusy: 'QUEUE' }),
    await ada.asks('B', { conversation, whenBusy: 'INTERRUPT' }),
    await ada.asks('C', { conversation, whenBusy: 'INTERRUPT' }),
  ]
  await hold('now()')
  for (const { run } of sent) await until(ada.follows(run), (it) => it.__typename === 'RunEnded')
  const { conversation: kept } = await ada.query<Kept>(messagesOf, { id: conversation.id })
  const said = kept.messages.edges.map(({ node }) => node.content)
  expect(said.slice(2)).toEqual(['C', 'To C.', 'B', 'To B.', 'D', 'To D.'])
})

test('a queued run that is stopped has ended, and its message stays', async () => {
  const { provider, ada } = await start()
  provider.plays(says('One', pause), says('Three'))
  const first = await ada.asks('1')
  const { conversation } = first
  await ada.sees(first.run, 'One')
  const second = await ada.asks('2', { conversation, whenBusy: 'QUEUE' })
  const third = await ada.asks('3', { conversation, whenBusy: 'QUEUE' })
  expect(await ada.stops(second.run)).toMatchObject({ status: 'STOPPED' })
  expect(await Array.fromAsync(ada.follows(second.run))).toMatchObject([
    { __typename: 'RunEnded', run: { status: 'STOPPED' } },
  ])
  await provider.paused()
  provider.resume()
  await Array.fromAsync(ada.follows(third.run))
  const whole = await ada.query<Kept>(messagesOf, { id: conversation.id })
  expect(whole.conversation.messages.edges.map(({ node }) => node.content)).toEqual(['1', 'One', '2', '3', 'Three'])
})
