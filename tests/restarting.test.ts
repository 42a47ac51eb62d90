import { expect, test, vi } from 'vitest'
import type { Limits } from '../api/limits.ts'
import { cleanUp } from './support/cleaning.ts'
import { freshDatabase } from './support/databases.ts'
import { all, textOf } from './support/events.ts'
import { pause, says, startProvider } from './support/scripted-provider.ts'
import { startServer } from './support/server-process.ts'
import { signUp } from './support/user.ts'

vi.setConfig({ testTimeout: 180_000 }) // programs start and end

/** What the program is told, for a database of this test and a played model. */
async function surroundings(provider: { url: string }, limits: Partial<Limits> = {}) {
  const { databaseUrl, dataDir } = await freshDatabase()
  return {
    DATABASE_URL: databaseUrl,
    PARLEY_DATA_DIR: dataDir,
    OPENAI_API_KEY: 'sk-test',
    OPENAI_BASE_URL: provider.url,
    PARLEY_LIMITS: JSON.stringify({
      ...{ leaseMilliseconds: 5_000, drainSeconds: 1, runsPerUser: 100, sendsPerMinute: 100 },
      ...limits,
    }),
  }
}

test('killed in the middle of an answer, the server goes on with it when it is back', async () => {
  const provider = await startProvider()
  provider.plays(says('Once', pause), says('Once upon', ' a time.'))
  const server = await startServer(await surroundings(provider))
  const ada = await signUp(server.url)
  const { conversation, run } = await ada.asks('Tell me a story.')
  const seen = await ada.sees(run, 'Once')

  await server.kill()
  await server.start()

  const rest = await all(ada.follows(run, { after: seen.at(-1)?.cursor ?? '' }))
  expect(await textOf([...seen, ...rest])).toBe('Once upon a time.')
  expect(rest.at(-1)).toMatchObject({ __typename: 'RunEnded', run: { status: 'COMPLETED', attempt: 2 } })
  expect(rest.filter((it) => it.__typename === 'MessageStarted')).toEqual([])
  const { conversation: kept } = await ada.query<{ conversation: { messages: { nodes: unknown } } }>(
    `query ($id: ID!) { conversation(id: $id) { messages { edges { node { role content status } } } } }`,
    { id: conversation.id },
  )
  expect(kept).toEqual({
    messages: {
      edges: [
        { node: { role: 'USER', content: 'Tell me a story.', status: 'COMPLETE' } },
        { node: { role: 'ASSISTANT', content: 'Once upon a time.', status: 'COMPLETE' } },
      ],
    },
  })
  expect(provider.refusals).toEqual([])
})

test('stopped by its operator, the server hands the answer over to its successor', async () => {
  const provider = await startProvider()
  provider.plays(says('Once', pause), says('Once upon', ' a time.'))
  const server = await startServer(await surroundings(provider))
  const ada = await signUp(server.url)
  const { run } = await ada.asks('Tell me a story.')
  const seen = await ada.sees(run, 'Once')

  expect(await server.stop()).toBe(0)
  await server.start()

  const rest = await all(ada.follows(run, { after: seen.at(-1)?.cursor ?? '' }))
  expect(await textOf([...seen, ...rest])).toBe('Once upon a time.')
  expect(rest.at(-1)).toMatchObject({ run: { status: 'COMPLETED' } })
})

test('a server that its operator stops is gone after so many seconds, whatever it still waits for', async () => {
  const provider = await startProvider()
  provider.plays(says('Once', pause), says('Once upon', ' a time.'))
  const server = await startServer(await surroundings(provider, { drainSeconds: 170, exitSeconds: 1 }))
  const ada = await signUp(server.url)
  const { run } = await ada.asks('Tell me a story.')
  const seen = await ada.sees(run, 'Once')

  expect(await server.stop(), 'cut off').toBe(1)
  await server.start()

  const rest = await all(ada.follows(run, { after: seen.at(-1)?.cursor ?? '' }))
  expect(await textOf([...seen, ...rest])).toBe('Once upon a time.')
})

test('a second signal ends it at once, but not one that is the same Ctrl-C passed on twice', async () => {
  const provider = await startProvider()
  provider.plays(says('Once', pause), says('Once upon', ' a time.'))
  const server = await startServer(await surroundings(provider, { drainSeconds: 170, exitSeconds: 175 }))
  const ada = await signUp(server.url)
  const { run } = await ada.asks('Tell me a story.')
  const seen = await ada.sees(run, 'Once')

  for (const signal of ['SIGINT', 'SIGTERM'] as const) server.signal(signal)
  await vi.waitFor(() => expect(server.output()).toContain('Stopping'), { timeout: 60_000 })
  expect(await (await fetch(`${server.url}/readyz`)).text()).toBe('stopping')
  const again = setInterval(() => server.signal('SIGINT'), 200)
  cleanUp(() => clearInterval(again))
  expect(await server.ended()).toBe(1)
  clearInterval(again)
  await server.start()

  const rest = await all(ada.follows(run, { after: seen.at(-1)?.cursor ?? '' }))
  expect(await textOf([...seen, ...rest])).toBe('Once upon a time.')
})

test('what was acknowledged before the server was killed is there', async () => {
  const provider = await startProvider()
  provider.always(says('Yes.'))
  const server = await startServer(await surroundings(provider))
  const ada = await signUp(server.url)
  const acknowledged: string[] = []
  let killed: Promise<void> | undefined
  const sendOn = async (number: number): Promise<void> => {
    acknowledged.push((await ada.asks(`Message ${number}`)).message.id)
    if (number === 20) killed = server.kill()
    return sendOn(number + 1)
  }
  await expect(sendOn(1)).rejects.toBeInstanceOf(TypeError) // the connection, not a refusal
  await killed
  await server.start()

  const { nodes } = await ada.query<{ nodes: unknown[] }>('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
    ids: acknowledged,
  })
  expect(acknowledged.length).toBeGreaterThanOrEqual(20)
  expect(nodes).toEqual(acknowledged.map((id) => ({ id })))
})

test('a second server is refused the data folder of a running one, which is named', async () => {
  const settings = { PARLEY_DATA_DIR: (await freshDatabase()).dataDir }
  const server = await startServer(settings)
  await expect(startServer(settings)).rejects.toThrow(/in use by process \d+/)
  await server.stop()
})

test('a configuration that is not usable is refused with every problem named', async () => {
  const wrong = { NODE_ENV: 'production', PARLEY_URL: 'nonsense', DATABASE_URL: 'mysql://x' }
  await expect(startServer(wrong)).rejects.toThrow(/PARLEY_URL[\s\S]*DATABASE_URL[\s\S]*PARLEY_SECRET/)
})
