import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test, vi } from 'vitest'
import { cleanUp } from './support/cleaning.ts'
import { type Cluster, startCluster, startNode } from './support/cluster.ts'
import { textsOf } from './support/events.ts'
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

type Kept = { id: string; role: string; content: string; run: { id: string } | null }

async function messagesOf(user: User, { conversation: { id } }: Asked): Promise<Kept[]> {
  const { conversation } = await user.query<{ conversation: { messages: { edges: { node: Kept }[] } } }>(
    'query ($id: ID!) { conversation(id: $id) { messages(first: 100) { edges { node { id role content run { id } } } } } }',
    { id },
  )
  return conversation.messages.edges.map(({ node }) => node)
}
