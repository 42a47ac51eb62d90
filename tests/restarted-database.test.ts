import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test, vi } from 'vitest'
import { connectTo } from '../api/database/postgres.ts'
import { internalId } from '../api/ids.ts'
import { cleanUp } from './support/cleaning.ts'
import { type Cluster, startCluster, startNode } from './support/cluster.ts'
import { type StreamEvent, textsOf } from './support/events.ts'
import { pause, says, startProvider } from './support/scripted-provider.ts'
import { seeded } from './support/seeded.ts'
import { followsOn, type SteadyReader, told } from './support/steady-reader.ts'
import { type Asked, at, Refused, type User } from './support/user.ts'

vi.setConfig({ testTimeout: 240_000 })

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
}, 120_000)

/** Refusals that say "again later". */
const passing = new Set(['STORAGE_UNAVAILABLE', 'AUTH_UNAVAILABLE', 'RUN_ACTIVE', 'OVERLOADED'])

/** More at once than the pool has places: what is not given back would be missed. */
const conversations = 14

test('a database that crashes under load loses nothing that was acknowledged, and readers go on', async () => {
  const random = seeded()
  const provider = await startProvider()
  cleanUp(() => provider.close())
  provider.always(({ transcript }) => {
    const isFirst = 'user' in (transcript.at(-1) ?? {})
    const words = Array.from({ length: 60 }, (_, index) => [{ waits: random.below(25) }, `w${index} `]).flat()
    return says(...words, ...(isFirst ? [{ call: { name: 'list_tasks' } }] : []))
  })
  const servers = await Promise.all([startNode(cluster, provider), startNode(cluster, provider)])
  const ada = await random.of(servers).user('ada')
  const anywhere = (): User => at(random.of(servers).url, ada)
  const all: { content: string; asked: Asked; reader: SteadyReader }[] = []
  let crashing = true

  async function say(content: string, conversation?: Asked['conversation']): Promise<Asked> {
    const idempotencyKey = randomUUID()
    for (;;) {
      try {
        const asked = await anywhere().asks(content, { idempotencyKey, ...(conversation && { conversation }) })
        all.push({ content, asked, reader: followsOn(anywhere, asked.run) })
        return asked
      } catch (error) {
        if (!(error instanceof Refused) || !passing.has(error.code ?? '')) throw error
        await sleep(50)
      }
    }
  }
  async function converse(name: string): Promise<void> {
    let { conversation } = await say(`${name}0`)
    for (let turn = 1; crashing; turn++) ({ conversation } = await say(`${name}${turn}`, conversation))
  }
  const talking = Array.from({ length: conversations }, (_, index) => converse(`${index}-`))
  for (const awaySeconds of [0, 1, 2]) {
    await sleep(700)
    await cluster.postgres.crash({ awaySeconds })
  }
  crashing = false
  await Promise.all(talking)
  await Promise.all(all.map(({ reader }) => reader.done))

  for (const { content, asked, reader } of all) {
    const kept = await messagesOf(anywhere(), asked)
    expect(kept.filter(({ role, id }) => role === 'USER' && id === asked.message.id)).toMatchObject([{ content }])
    const answers = kept.filter(({ role, run }) => role === 'ASSISTANT' && run?.id === asked.run.id)
    expect([...textsOf(reader.events).values()]).toEqual(answers.map((it) => it.content))
    expect(reader.events.at(-1)).toMatchObject({ run: { status: 'COMPLETED' } })
    // What the database lost of the log was written again, each number once.
    expect(told(await Array.fromAsync(anywhere().follows(asked.run)))).toEqual(told(reader.events))
  }
  expect(provider.refusals).toEqual([])
})

test('a database that is away for longer than a lease sends readers away, and the answer goes on when it is back', async () => {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const server = await startNode(cluster, provider, { leaseMilliseconds: 6_000 })
  const ada = await server.user('ada')
  provider.plays(says('The first', pause), says('The second.'))
  const { run } = await ada.asks('Who?')
  const asked = await provider.asked(1)
  await ada.sees(run, 'The first')
  const leaving = ada.follows(run)
  await leaving.next()
  const staying = followsOn(() => ada, run)
  await staying.hears((event) => event.__typename === 'MessageDelta')
  const back = cluster.postgres.crash({ awaySeconds: 8 })
  await expect(Array.fromAsync(leaving)).rejects.toMatchObject({ code: 'DRAINING' })
  await asked.hungUp
  await back
  expect((await staying.done).at(-1)).toMatchObject({ run: { status: 'COMPLETED', attempt: 2 } })
  expect([...textsOf(staying.events).values()]).toEqual(['The second.'])
})

test('connections that reached a server which may only be read are given up, and what waited for it goes on', async () => {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const server = await startNode(cluster, provider, { leaseMilliseconds: 600_000, modelSilenceSeconds: 600 })
  const ada = await server.user('ada')
  provider.plays(says('One ', pause, 'two ', pause, 'three.'), says('Taken.'))
  const first = await ada.asks('Count')
  const reader = followsOn(() => ada, first.run)
  await reader.hears(saying('One'))

  await asAdmin('alter role parley set default_transaction_read_only = on')
  // As those do who come back to a server that was made a standby: their sessions stay as they began.
  await asAdmin(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'parley'`)
  provider.resume()
  await reader.hears(saying('two'))
  await vi.waitFor(() => refused(ada), { timeout: 60_000, interval: 50 })
  // All places of the pool are taken by such now.
  await Promise.all(Array.from({ length: 20 }, () => refused(ada)))
  await asAdmin('alter role parley reset default_transaction_read_only')

  // Once more for each of those, at the most.
  const idempotencyKey = randomUUID()
  let asked: Asked | undefined
  for (let tries = 0; !asked && tries < 20; tries++)
    asked = await ada.asks('Again?', { idempotencyKey }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      return undefined
    })
  if (!asked) throw new Error('It was never taken.')
  // While nothing else is stored of the run, its words are.
  await vi.waitFor(async () => expect(await storedWords(first.run)).toBe('One two '), { timeout: 60_000 })
  provider.resume()
  expect((await reader.done).at(-1)).toMatchObject({ run: { status: 'COMPLETED', attempt: 1 } })
  expect([...textsOf(reader.events).values()]).toEqual(['One two three.'])
  expect(textsOf(await Array.fromAsync(ada.follows(asked.run)))).toEqual(new Map([[expect.anything(), 'Taken.']]))
  expect(provider.refusals).toEqual([])
})

const saying = (text: string) => (event: StreamEvent) =>
  event.__typename === 'MessageDelta' && event.delta.includes(text)

test('while all connections are in use others are told at once that the server is busy, but anybody can still sign in', async () => {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const node = await startNode(cluster, provider)
  const ada = await node.user('ada')
  const list = (user: User) => user.query('{ conversations { edges { node { id } } } }')
  await list(ada)
  const hold = () =>
    node.database.units
      .asSystem()
      .execute('select pg_sleep(600)')
      .catch(() => {})
  const held = Array.from({ length: 10 }, hold)
  const sleeping = `from pg_stat_activity where query = 'select pg_sleep(600)'`
  await expect.poll(async () => (await asAdmin(`select pid ${sleeping}`)).length, { timeout: 30_000 }).toBe(10)
  const log = vi.spyOn(console, 'error')
  cleanUp(() => log.mockRestore())
  const again = await node.again(ada)
  await expect(list(again)).rejects.toMatchObject({ code: 'OVERLOADED' })
  expect((await fetch(`${node.url}/readyz`)).status).toBe(200)
  expect(log.mock.calls.join()).not.toContain('cannot be reached')
  await asAdmin(`select pg_cancel_backend(pid) ${sleeping}`)
  await Promise.all(held)
  await list(again)
})

test('a server whose database is away is alive but not ready, until it is back', async () => {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const { url } = await startNode(cluster, provider)
  const statusOf = (path: string) => fetch(url + path).then(({ status }) => status)
  expect(await statusOf('/readyz')).toBe(200)
  const back = cluster.postgres.crash({ awaySeconds: 4 })
  await expect.poll(() => statusOf('/readyz'), { timeout: 30_000 }).toBe(503)
  expect(await statusOf('/healthz')).toBe(200)
  await back
  await expect.poll(() => statusOf('/readyz'), { timeout: 30_000 }).toBe(200)
})

async function refused(user: User): Promise<void> {
  await expect(user.asks('Not now?')).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
}

async function asAdmin<T extends object>(statement: string, values: unknown[] = []): Promise<T[]> {
  const client = await connectTo(cluster.postgres.url('parley'))
  return client
    .query<T>(statement, values)
    .then(({ rows }) => rows)
    .finally(() => client.end())
}

async function storedWords({ id }: { id: string }): Promise<string> {
  const rows = await asAdmin<{ texts: string[] }>(
    `select event->'texts' as texts from run_event where run_id = $1 and event->>'type' = 'deltas' order by last_seq`,
    [internalId('run', id)],
  )
  return rows.flatMap(({ texts }) => texts).join('')
}

type Kept = { id: string; role: string; content: string; run: { id: string } | null }

async function messagesOf(user: User, { conversation: { id } }: Asked): Promise<Kept[]> {
  const { conversation } = await user.query<{ conversation: { messages: { edges: { node: Kept }[] } } }>(
    'query ($id: ID!) { conversation(id: $id) { messages(first: 100) { edges { node { id role content run { id } } } } } }',
    { id },
  )
  return conversation.messages.edges.map(({ node }) => node)
}
