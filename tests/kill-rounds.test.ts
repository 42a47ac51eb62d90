import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test, vi } from 'vitest'
import { roomy } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { freshDatabase } from './support/databases.ts'
import { textsOf } from './support/events.ts'
import { type ProviderRequest, says, startProvider } from './support/scripted-provider.ts'
import { seeded } from './support/seeded.ts'
import { startServer } from './support/server-process.ts'
import { followsOn, type SteadyReader } from './support/steady-reader.ts'
import { type Asked, type AskOptions, Refused, signUp, type User } from './support/user.ts'

const faults = inject('faults')
const rounds = faults?.kills ?? 4

vi.setConfig({ testTimeout: 120_000 + rounds * 60_000 })

/** With the usual lease it is 15 s; a test run waits for less and does not look at the clock. */
const lease = faults ? {} : { leaseMilliseconds: 2_000 }
const longestMs = faults ? 15_000 : 60_000

type Message = { content: string; idempotencyKey: string }
type Acknowledged = Message & { asked: Asked; reader: SteadyReader }

test(`a program that is killed ${rounds} times loses nothing that it acknowledged and finishes every answer`, async () => {
  const random = seeded()
  const provider = await startProvider()
  cleanUp(() => provider.close())
  provider.always(({ transcript }: ProviderRequest) => {
    const words = Array.from({ length: 5 + random.below(30) }, (_, index) => [
      { waits: random.below(15) },
      `w${index} `,
    ])
    const wantsTask = 'user' in (transcript.at(-1) ?? {}) && random() < 0.5
    const task = { call: { name: 'add_task', arguments: { title: randomUUID() } } }
    return says(...words.flat(), ...(wantsTask ? [task] : []))
  })
  const { databaseUrl, dataDir } = await freshDatabase()
  const server = await startServer({
    ...{ DATABASE_URL: databaseUrl, PARLEY_DATA_DIR: dataDir, PARLEY_SECRET: 'kept over all of the many restarts' },
    ...{ OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: provider.url, PARLEY_MODEL: 'scripted' },
    PARLEY_LIMITS: JSON.stringify({ ...roomy, ...lease }),
  })
  const ada = await signUp(server.url)
  const all: Acknowledged[] = []

  /** Says it until it is acknowledged, as a page does, and follows the answer. */
  async function say(content: string, options: AskOptions = {}): Promise<Acknowledged> {
    const message = { content, idempotencyKey: randomUUID() }
    for (;;) {
      try {
        const asked = await ada.asks(content, { ...options, idempotencyKey: message.idempotencyKey })
        const it = { ...message, asked, reader: followsOn(() => ada, asked.run) }
        all.push(it)
        return it
      } catch (error) {
        if (error instanceof Refused && error.code !== 'INTERNAL_SERVER_ERROR') throw error
        await sleep(20)
      }
    }
  }
  async function converse(round: number): Promise<void> {
    const { asked } = await say(`${round}: first`)
    await say(`${round}: second`, { conversation: asked.conversation, whenBusy: 'QUEUE' })
  }

  for (let round = 1; round <= rounds; round++) {
    const said = Promise.all([converse(round), converse(round)])
    await sleep(random.below(600))
    await server.kill()
    await server.start()
    const restarted = performance.now()
    await said
    await Promise.all(all.map(({ reader }) => reader.done))
    expect(performance.now() - restarted).toBeLessThan(longestMs)
  }

  const titles: string[] = []
  for (const conversation of new Set(all.map(({ asked }) => asked.conversation.id))) {
    const mine = all.filter(({ asked }) => asked.conversation.id === conversation)
    const messages = await kept(ada, conversation)
    expect(messages.filter(({ role }) => role === 'USER').map(({ content }) => content)).toEqual(
      mine.map(({ content }) => content),
    )
    for (const { asked, reader } of mine) {
      const end = reader.events.findLast((event) => event.__typename === 'RunEnded')
      const answers = messages.filter(({ role, run }) => role === 'ASSISTANT' && run?.id === asked.run.id)
      expect([...textsOf(reader.events).values()]).toEqual(answers.map(({ content }) => content))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 'COMPLETE'))
      expect(end).toMatchObject({ run: { id: asked.run.id, status: 'COMPLETED' } })
      const calls = answers.flatMap(({ toolCalls }) => toolCalls)
      titles.push(...calls.filter((it) => it.status === 'SUCCEEDED').map((it) => it.arguments.title))
      expect(calls.every(({ status }) => status === 'SUCCEEDED' || status === 'OUTCOME_UNKNOWN')).toBe(true)
    }
  }
  const tasks = await tasksOf(ada)
  expect(new Set(tasks).size).toBe(tasks.length)
  expect(tasks).toEqual(expect.arrayContaining(titles))
  expect(provider.refusals).toEqual([])
})

type Kept = {
  role: string
  status: string
  content: string
  run: { id: string } | null
  toolCalls: { status: string; arguments: { title: string } }[]
}

async function kept(user: User, id: string): Promise<Kept[]> {
  const { conversation } = await user.query<{ conversation: { messages: { edges: { node: Kept }[] } } }>(
    `query ($id: ID!) { conversation(id: $id) {
      messages(first: 100) { edges { node { role status content run { id } toolCalls { status arguments } } } } } }`,
    { id },
  )
  return conversation.messages.edges.map(({ node }) => node)
}

async function tasksOf(user: User): Promise<string[]> {
  const titles: string[] = []
  for (let after: string | null = null; ; ) {
    const { tasks }: Tasks = await user.query<Tasks>(
      'query ($after: String) { tasks(first: 100, after: $after) { edges { node { title } } pageInfo { endCursor hasNextPage } } }',
      { after },
    )
    titles.push(...tasks.edges.map(({ node }) => node.title))
    if (!tasks.pageInfo.hasNextPage) return titles
    after = tasks.pageInfo.endCursor
  }
}

type Tasks = {
  tasks: { edges: { node: { title: string } }[]; pageInfo: { endCursor: string; hasNextPage: boolean } }
}
