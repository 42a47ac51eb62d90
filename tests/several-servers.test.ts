import { beforeAll, expect, test, vi } from 'vitest'
import { connectTo } from '../api/database/postgres.ts'
import { internalId } from '../api/ids.ts'
import { cleanUp } from './support/cleaning.ts'
import { type Cluster, startCluster, startNode, startProgram } from './support/cluster.ts'
import { type StreamEvent, textsOf } from './support/events.ts'
import { apiKey, bearer, keyOf } from './support/key.ts'
import { pause, says, startProvider } from './support/scripted-provider.ts'
import { followsOn, told } from './support/steady-reader.ts'
import { at, signUp } from './support/user.ts'

vi.setConfig({ testTimeout: 120_000 })

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
}, 120_000)

async function start(limits = {}) {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const nodes = () => startNode(cluster, provider, limits)
  const [a, b] = await Promise.all([nodes(), nodes()])
  const ada = await a.user('ada')
  return { provider, a, b, ada, adaAtB: at(b.url, ada), another: nodes }
}

const saying = (text: string) => (event: StreamEvent) =>
  event.__typename === 'MessageDelta' && event.delta.includes(text)
const endOf = (events: readonly StreamEvent[]) => events.findLast((it) => it.__typename === 'RunEnded')?.run

test('a reader at any server follows what another one writes, each token once and in order', async () => {
  const { provider, ada, adaAtB } = await start()
  const words = Array.from({ length: 200 }, (_, index) => `w${index} `)
  provider.plays(says('Begin ', pause, ...words.flatMap((word) => [{ waits: 2 }, word])))
  const { run, conversation } = await ada.asks('Count')
  const here = followsOn(() => ada, run)
  const there = followsOn(() => adaAtB, run)
  const wide = followsOn(() => adaAtB, conversation)
  for (const reader of [here, there, wide]) await reader.hears(saying('Begin'))
  provider.resume()
  const events = await there.done
  expect([...textsOf(events).values()]).toEqual([`Begin ${words.join('')}`])
  expect(told(events)).toEqual(told(await here.done))
  expect(told(await wide.done)).toEqual(told(events))
  expect([here.breaks, there.breaks, wide.breaks]).toEqual([0, 0, 0])
})

test('a stop at one server ends the model call of another', async () => {
  const { provider, ada, adaAtB } = await start()
  provider.plays(says('Once upon', pause, ' a time'))
  const { run } = await ada.asks('Tell me a story')
  await ada.sees(run, 'Once upon')
  const asked = await provider.asked(1)
  expect(await adaAtB.stops(run)).toMatchObject({ status: 'STOPPED' })
  await asked.hungUp
  const events = await Array.fromAsync(adaAtB.follows(run))
  expect(events.at(-2)).toMatchObject({ message: { status: 'STOPPED', content: 'Once upon' } })
  expect(events.at(-1)).toMatchObject({ __typename: 'RunEnded', run: { status: 'STOPPED', attempt: 1 } })
})

test('a cursor that one server gave leads on at another', async () => {
  const { provider, ada, adaAtB } = await start()
  provider.plays(says('One ', 'two ', pause, 'three.'))
  const { run, conversation } = await ada.asks('Count')
  const reader = followsOn(() => ada, run)
  const { cursor: after } = await reader.hears(saying('two'))
  provider.resume()
  const whole = await reader.done
  for (const followed of [run, conversation]) {
    const rest = followsOn(() => adaAtB, followed, { after })
    expect([...textsOf(await rest.done).values()]).toEqual(['three.'])
    const heard = told(whole.slice(0, whole.findIndex((event) => event.cursor === after) + 1))
    expect(told(whole).at(-1)).toBe(told(await rest.done).at(-1))
    expect(heard.at(-1)).toMatch(/One two $/)
  }
})

test('a queue that is filled at two servers is answered one by one', async () => {
  const { provider, ada, adaAtB } = await start()
  provider.plays(says('One.', pause), says('Two.'), says('Three.'))
  const { conversation } = await ada.asks('1')
  await provider.paused()
  const second = await adaAtB.asks('2', { conversation, whenBusy: 'QUEUE' })
  const third = await ada.asks('3', { conversation, whenBusy: 'QUEUE' })
  await expect(adaAtB.asks('4', { conversation })).rejects.toMatchObject({ code: 'RUN_ACTIVE' })
  provider.resume()
  expect(endOf(await Array.fromAsync(adaAtB.follows(second.run)))).toMatchObject({ status: 'COMPLETED' })
  expect(endOf(await Array.fromAsync(adaAtB.follows(third.run)))).toMatchObject({ status: 'COMPLETED' })
  expect(provider.requests.at(-1)?.transcript).toEqual([
    ...[{ user: '1' }, { assistant: 'One.' }, { user: '2' }, { assistant: 'Two.' }, { user: '3' }],
  ])
  expect(provider.refusals).toEqual([])
})

test('a conversation that is deleted at one server is written by no other', async () => {
  const { provider, ada, adaAtB } = await start()
  provider.plays(says('Words', pause, ' more', pause))
  const { run, conversation } = await ada.asks('Hello')
  const reader = followsOn(() => ada, run)
  await reader.hears(saying('Words'))
  const following = [Array.fromAsync(ada.follows(conversation)), Array.fromAsync(adaAtB.follows(conversation))]
  await Promise.all([ada, adaAtB].map((it) => it.sees(conversation, 'Words')))
  const asked = await provider.asked(1)
  await adaAtB.mutate(
    'mutation ($input: DeleteConversationInput!) { deleteConversation(input: $input) { deletedId } }',
    {
      input: { conversationId: conversation.id },
    },
  )
  await asked.hungUp
  await Promise.all(following)
  const [row] = await cluster.database.units
    .asSystem()
    .execute<{ left: number }[]>('select count(*)::int as left from run_event where run_id = ?', [
      internalId('run', run.id),
    ])
  expect(row).toEqual({ left: 0 })
})

test('a server whose connections are all cut comes back by itself, and readers everywhere go on', async () => {
  const { provider, ada, adaAtB } = await start()
  const words = (from: number) => Array.from({ length: 50 }, (_, index) => [{ waits: 2 }, `w${from + index} `]).flat()
  provider.plays(says('Begin ', pause, ...words(0), pause, ...words(50), 'end.'), says('More.'))
  const { run, conversation } = await ada.asks('Count')
  const readers = [followsOn(() => ada, run), followsOn(() => adaAtB, run)]
  for (const reader of readers) await reader.hears(saying('Begin'))
  await cutAllConnections()
  provider.resume()
  for (const reader of readers) await reader.hears(saying('w49 '))
  await cutAllConnections()
  provider.resume()
  const text = `Begin ${Array.from({ length: 100 }, (_, index) => `w${index} `).join('')}end.`
  for (const reader of readers) expect([...textsOf(await reader.done).values()]).toEqual([text])
  expect(endOf(readers[0]?.events ?? [])).toMatchObject({ status: 'COMPLETED', attempt: 1 })
  // The bell rings between them again: a reader elsewhere hears at once what is new.
  const following = followsOn(() => adaAtB, conversation, { until: (event) => saying('More')(event) })
  await following.hears((event) => event.__typename === 'ConversationUpdated')
  await ada.asks('More?', { conversation })
  await following.done
})

async function cutAllConnections(): Promise<void> {
  const admin = await connectTo(cluster.postgres.url('parley'))
  await admin
    .query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
    .finally(() => admin.end())
}

test('what ends at one server opens nothing at the others, which knew it a moment ago', async () => {
  const { a, b, ada } = await start()
  const other = await a.again(ada)
  const { id, key } = await keyOf(ada, ['tasks:read'])
  const statusOf = async (headers: Record<string, string>) =>
    (await fetch(`${b.url}/graphql?query={__typename}`, { headers })).status
  const ways = [
    { headers: bearer(await at(b.url, other).token()), end: () => other.signsOut() },
    {
      headers: apiKey(key),
      end: () => ada.mutate(`mutation { revokeApiKey(input: { apiKeyId: "${id}" }) { revokedId } }`),
    },
  ]
  for (const { headers, end } of ways) {
    expect(await statusOf(headers)).toBe(200)
    await end()
    // Sooner than it would find out by itself.
    await vi.waitFor(async () => expect(await statusOf(headers)).toBe(401), { timeout: 20_000, interval: 50 })
  }
})

test('a living server takes over from a dead one as soon as its lease is over', async () => {
  const { provider, a, ada, adaAtB } = await start({ leaseMilliseconds: 3_000 })
  provider.plays(says('Once', pause), says('A new story.'))
  const { run } = await ada.asks('Tell me a story')
  const reader = followsOn(() => adaAtB, run)
  await reader.hears(saying('Once'))
  a.power.cut()
  expect(endOf(await reader.done)).toMatchObject({ status: 'COMPLETED', attempt: 2 })
  expect([...textsOf(reader.events).values()]).toEqual(['A new story.'])
  expect(reader.breaks).toBe(0)
})

test('a server that slept through its lease writes nothing more, and its readers hear the truth', async () => {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const limits = { leaseMilliseconds: 3_000 }
  const sleeper = await startProgram(cluster, provider, limits)
  const ada = await signUp(sleeper.url)
  provider.plays(says('The first', pause, ' goes on.'), says('The second', pause, ' wins.'))
  const { run, conversation } = await ada.asks('Who?')
  const atTheFirst = followsOn(() => ada, run)
  await atTheFirst.hears(saying('The first'))
  sleeper.sleep()
  provider.resume()
  const other = await startNode(cluster, provider, limits)
  const atTheSecond = followsOn(() => at(other.url, ada), run)
  await atTheSecond.hears(saying('The second'))
  sleeper.wake()
  await atTheFirst.hears(saying('The second'))
  provider.resume()
  for (const reader of [atTheFirst, atTheSecond]) {
    expect([...textsOf(await reader.done).values()]).toEqual(['The second wins.'])
    expect(endOf(reader.events)).toMatchObject({ status: 'COMPLETED', attempt: 2 })
  }
  const { conversation: kept } = await ada.query<{
    conversation: { messages: { edges: { node: { content: string } }[] } }
  }>('query ($id: ID!) { conversation(id: $id) { messages { edges { node { content } } } } }', { id: conversation.id })
  expect(kept.messages.edges.map(({ node }) => node.content)).toEqual(['Who?', 'The second wins.'])
})
