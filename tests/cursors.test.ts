import { expect, test, vi } from 'vitest'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { until } from './support/events.ts'
import { pause, says, startProvider } from './support/scripted-provider.ts'
import { told } from './support/steady-reader.ts'

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
