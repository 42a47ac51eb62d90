import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, inject, test, vi } from 'vitest'
import { cleanUp } from './support/cleaning.ts'
import { type Cluster, startCluster, startNode, startProgram } from './support/cluster.ts'
import { type StreamEvent, textsOf } from './support/events.ts'
import { startLine } from './support/line.ts'
import { says, startProvider } from './support/scripted-provider.ts'
import { seeded } from './support/seeded.ts'
import { followsOn, type SteadyReader, told } from './support/steady-reader.ts'
import { type Asked, at, signUp } from './support/user.ts'

const faults = inject('faults')
const cuts = faults?.cuts ?? 60

vi.setConfig({ testTimeout: 120_000 + cuts * 2_000 })

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
}, 120_000)

test(`what readers hear over lines that are cut ${cuts} times is what is in the log, no more and no less`, async () => {
  const random = seeded()
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const servers = await Promise.all([1, 2, 3].map(() => (faults ? startProgram : startNode)(cluster, provider)))
  const lines = await Promise.all(servers.map(({ url }) => startLine(url)))
  const ada = await signUp(random.of(servers).url)
  let count = 0
  provider.always(({ transcript }) => {
    const isFirst = 'user' in (transcript.at(-1) ?? {})
    const words = Array.from({ length: 120 }, () => [{ waits: random.below(8) }, `w${count++} `]).flat()
    return says(...words, ...(isFirst ? [{ call: { name: 'list_tasks' } }] : []))
  })

  let done = 0
  const heard: { asked: Asked; whole: SteadyReader; first: StreamEvent; cut: SteadyReader[] }[] = []
  async function converse(): Promise<void> {
    while (done < cuts) {
      const asked = await at(random.of(servers).url, ada).asks('Count')
      const { run, conversation } = asked
      const server = random.of(servers)
      const whole = followsOn(() => at(server.url, ada), run)
      // Who has no cursor yet and is cut may find the answer over, and then waits for what comes next.
      const first = await whole.hears(({ __typename }) => __typename === 'RunStarted')
      const options = { after: first.cursor }
      const cut = [run, conversation].map((it) => followsOn(() => at(random.of(lines).url, ada), it, options))
      const readers = { asked, whole, first, cut }
      heard.push(readers)
      await Promise.all([readers.whole.done, ...readers.cut.map((it) => it.done)])
    }
  }
  async function cut(): Promise<void> {
    while (done < cuts) {
      await sleep(random.below(60))
      if (random.of(lines).cut(random.of(['reset', 'end'])) > 0) done++
    }
  }
  await Promise.all([cut(), converse(), converse()])

  expect(heard.flatMap((it) => it.cut).reduce((sum, { breaks }) => sum + breaks, 0)).toBeGreaterThan(cuts / 2)
  for (const { asked, whole, first, cut } of heard) {
    expect(whole.breaks).toBe(0)
    const log = told(whole.events)
    for (const reader of cut) expect(told([first, ...reader.events])).toEqual(log)
    // One that comes back when all is over, with any cursor that it was ever given.
    const place = random.below(whole.events.length - 1)
    const after = whole.events[place]?.cursor ?? ''
    const rest = await Array.fromAsync(at(random.of(servers).url, ada).follows(asked.run, { after }))
    expect(told([...whole.events.slice(0, place + 1), ...rest])).toEqual(log)
    const texts = whole.events.flatMap((event) =>
      event.__typename === 'MessageCompleted' ? [event.message.content] : [],
    )
    expect([...textsOf(whole.events).values()]).toEqual(texts)
  }
  expect(provider.refusals).toEqual([])
})
