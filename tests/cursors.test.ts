import { expect, test, vi } from 'vitest'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { sharedDatabase } from './support/databases.ts'
import { all, type StreamEvent, textOf, until } from './support/events.ts'
import { withPower } from './support/power.ts'
import { pause, says, startProvider } from './support/scripted-provider.ts'
import { told } from './support/steady-reader.ts'
import type { User } from './support/user.ts'

vi.setConfig({ testTimeout: 60_000 })

async function start() {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const app = await startApp({ provider, limits: { subscriptionsPerUser: 200 } })
  return { provider, app, ada: await app.user('ada') }
}

test('a reader can begin at every event that was ever told, and hears what came after it', async () => {
  const { provider, ada } = await start()
  provider.plays(says('One ', 'two ', 'three.'))
  const { run, conversation, events } = await ada.hears('Count')
  for (const [place, { cursor }] of events.entries())
    for (const followed of [run, conversation]) {
      const isLast = place === events.length - 1
      const rest =
        isLast && followed === conversation ? [] : await untilEnd(ada.follows(followed, { after: cursor }), isLast)
      expect(told([...events.slice(0, place + 1), ...rest])).toEqual(told(events))
    }
})

async function untilEnd<T extends { __typename: string }>(events: AsyncIterable<T>, isOver: boolean): Promise<T[]> {
  return isOver ? Array.fromAsync(events) : until(events, ({ __typename }) => __typename === 'RunEnded')
}

test('a run that waits is heard from its beginning, whatever cursor its reader comes with', async () => {
  const { provider, ada } = await start()
  provider.plays(says('A long ', 'first ', 'answer. ', pause, 'It ends.'), says('Two.'))
  const { run, conversation } = await ada.asks('1')
  const soFar = await ada.sees(run, 'answer. ')
  const second = await ada.asks('2', { conversation, whenBusy: 'QUEUE' })
  const following = Array.fromAsync(ada.follows(second.run, { after: soFar.at(-1)?.cursor ?? '' }))
  provider.resume()
  expect((await following).map(({ __typename }) => __typename)).toEqual([
    ...['RunStarted', 'MessageStarted', 'MessageDelta', 'MessageCompleted', 'RunEnded'],
  ])
  const behindBoth = (await following).at(-1)?.cursor ?? ''
  expect(await Array.fromAsync(ada.follows(run, { after: behindBoth }))).toEqual([])
})

test('cursors of other conversations, and things that are no cursors, are refused before the first event', async () => {
  const { provider, ada } = await start()
  provider.always(says('One.'))
  const one = await ada.hears('1')
  const other = await ada.hears('2')
  for (const after of [one.events.at(-1)?.cursor ?? '', 'no cursor', '', 'x'.repeat(1_000)])
    for (const followed of [other.run, other.conversation])
      await expect(Array.fromAsync(ada.follows(followed, { after }))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
})

test('readers that have left leave nothing behind', async () => {
  const { provider, ada } = await start()
  provider.plays(says('Begin', pause))
  const { run, conversation } = await ada.asks('Wait')
  await ada.sees(run, 'Begin')
  const timers = () => process.getActiveResourcesInfo().filter((it) => it === 'Timeout').length
  const before = timers()
  const readers = Array.from({ length: 60 }, (_, index) => ada.follows(index % 2 ? run : conversation))
  await Promise.all(readers.map((reader) => reader.next()))
  await vi.waitFor(() => expect(timers()).toBeGreaterThan(before + 50))
  await Promise.all(readers.map((reader) => reader.return()))
  await vi.waitFor(() => expect(timers()).toBeLessThanOrEqual(before + 5), { timeout: 20_000 })
})

test('history and the events behind its cursor are the whole conversation, whenever it is read', async () => {
  const { provider, ada } = await start()
  const words = Array.from({ length: 12 }, (_, index) => `w${index} `)
  provider.plays(
    says('One.'),
    says('Begin ', ...words.flatMap((word) => [pause, word]), { call: { name: 'list_tasks' } }),
    says('The', pause, ' end.'),
  )
  const { conversation } = await ada.hears('1')
  const { run } = await ada.asks('2', { conversation })
  const pages: Promise<string[]>[] = []
  for (let step = 0; step < words.length + 1; step++) {
    await provider.paused()
    pages.push(page(ada, conversation))
    provider.resume()
  }
  await Array.fromAsync(ada.follows(run))
  for (const texts of [...(await Promise.all(pages)), await page(ada, conversation)])
    expect(texts).toEqual(['1', 'One.', '2', `Begin ${words.join('')}`, 'The end.'])
})

type Shown = { id: string; content: string; status: string }

/** What a page shows in the end that reads the messages and `eventCursor` in one request and follows from there. */
async function page(user: User, { id }: { id: string }): Promise<string[]> {
  const { conversation } = await user.query<{
    conversation: { eventCursor: string; activeRun: object | null; messages: { edges: { node: Shown }[] } }
  }>(
    `query ($id: ID!) { conversation(id: $id) {
      eventCursor activeRun { id } messages(first: 100) { edges { node { id content status } } } } }`,
    { id },
  )
  const texts = new Map(conversation.messages.edges.map(({ node }) => [node.id, node.content]))
  // Read a moment after the cursor, a message can be complete whose text is told behind it.
  const complete = new Set(
    conversation.messages.edges.flatMap(({ node }) => (node.status === 'STREAMING' ? [] : [node.id])),
  )
  if (!conversation.activeRun) return [...texts.values()]
  for await (const event of user.follows(id, { after: conversation.eventCursor })) {
    if (event.__typename === 'MessageStarted' && !complete.has(event.message.id)) texts.set(event.message.id, '')
    if (event.__typename === 'MessageDelta' && !complete.has(event.messageId))
      texts.set(event.messageId, (texts.get(event.messageId) ?? '') + event.delta)
    if (event.__typename === 'RunEnded') break
  }
  return [...texts.values()]
}

test('a token costs no commit', async () => {
  const { provider } = await start()
  const { database, power } = withPower(await sharedDatabase())
  const app = await startApp({ provider, database })
  const ada = await app.user('ada')
  provider.plays(says('One.'), says(...Array.from({ length: 2_000 }, () => 'word ')))
  const { conversation } = await ada.hears('Briefly')
  const brief = power.commits
  expect((await ada.hears('At length', { conversation })).text).toHaveLength(10_000)
  expect(power.commits - brief).toBe(brief)
})

test('a stream that has reached its age says so, and its reader goes on', async () => {
  const { provider, ada } = await start()
  provider.plays(says('One', pause, ' two'))
  const { run } = await ada.asks('Count')
  await ada.sees(run, 'One')
  const heard: StreamEvent[] = []
  const hear = async () => {
    for await (const event of ada.follows(run)) if (heard.push(event) === 1) anHourLater()
  }
  const anHourLater = () => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 })
  cleanUp(() => vi.useRealTimers())
  await expect(hear()).rejects.toMatchObject({ code: 'MAX_AGE' })
  vi.useRealTimers()
  provider.resume()
  heard.push(...(await all(ada.follows(run, { after: heard.at(-1)?.cursor ?? '' }))))
  expect(await textOf(heard)).toBe('One two')
})
