import { readFileSync } from 'node:fs'
import { beforeAll, expect, test, vi } from 'vitest'
import { cleanUp } from '../tests/support/cleaning.ts'
import { type Cluster, startCluster, startProgram } from '../tests/support/cluster.ts'
import { pause, says, startProvider } from '../tests/support/scripted-provider.ts'
import type { ServerProcess } from '../tests/support/server-process.ts'
import { stalledReader } from '../tests/support/stalled-reader.ts'
import { followsOn } from '../tests/support/steady-reader.ts'
import { at, signUp, type User } from '../tests/support/user.ts'

vi.setConfig({ testTimeout: 1_800_000 })

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
}, 120_000)

async function play() {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  return provider
}

/** So many milliseconds or less for that share of all. */
function share(times: readonly number[], part: number): number {
  return times.toSorted((a, b) => a - b)[Math.ceil(times.length * part) - 1] ?? Number.NaN
}

test('a stop at one server reaches the model call of another', async () => {
  const provider = await play()
  const [here, there] = await Promise.all([startProgram(cluster, provider), startProgram(cluster, provider)])
  const ada = await signUp(here.url)
  provider.always(says('It begins', pause, ' and ends.'))
  const times: number[] = []
  for (let round = 1; round <= 100; round++) {
    const { run } = await ada.asks('Tell me')
    await ada.sees(run, 'It begins')
    const asked = await provider.asked(round)
    const before = performance.now()
    const stopped = at(there.url, ada).stops(run)
    await asked.hungUp
    times.push(performance.now() - before)
    await stopped
  }
  console.log(
    `stop from another server: half within ${ms(share(times, 0.5))}, 99 of 100 within ${ms(share(times, 0.99))}`,
  )
  expect(share(times, 0.99)).toBeLessThan(500)
})

const events = 100_000

test('a reader that has stopped reading while 100,000 events pass', async () => {
  const provider = await play()
  const server = await startProgram(cluster, provider, { outputBytes: 50_000_000, runSeconds: 1_200 })
  const ada = await signUp(server.url)
  const alone = await passing(provider, server, ada, false)
  const beside = await passing(provider, server, ada, true)
  for (const [name, { times, megabytes }] of [['alone', alone] as const, ['beside a stuck reader', beside] as const])
    console.log(
      `a reader ${name}: half within ${ms(share(times, 0.5))}, 99 of 100 within ${ms(share(times, 0.99))}; the server has at most ${megabytes} MB`,
    )
  expect(beside.times.length).toBeGreaterThan(events * 0.9)
  expect(share(beside.times, 0.99)).toBeLessThan(share(alone.times, 0.99) * 2 + 50)
  expect(beside.megabytes).toBeLessThan(alone.megabytes + 200)
})

/** Each delta says when it was sent; a reader beside sees how long it took. */
async function passing(
  provider: Awaited<ReturnType<typeof play>>,
  server: ServerProcess,
  ada: User,
  stuck: boolean,
): Promise<{ times: number[]; megabytes: number }> {
  const delta = {
    get text() {
      return `${performance.now().toFixed(1)} `
    },
  }
  // A thousand a second: faster than that a busy machine is measured by its queue.
  const batches = Array.from({ length: events / 20 }, () => [{ waits: 20 }, ...Array.from({ length: 20 }, () => delta)])
  provider.plays(says('It begins', pause, ...batches.flat()))
  const { run } = await ada.asks('Tell me everything')
  if (stuck) await stalledReader(ada, run)
  const times: number[] = []
  const reader = followsOn(() => ada, run, {
    until: (event) => {
      if (event.__typename === 'MessageDelta' && times.length < events)
        times.push(performance.now() - Number.parseFloat(event.delta))
      return event.__typename === 'RunEnded'
    },
  })
  await reader.hears((event) => event.__typename === 'MessageDelta')
  let megabytes = 0
  const watch = setInterval(() => {
    megabytes = Math.max(megabytes, residentMegabytes(server.pid()))
  }, 500)
  provider.resume()
  await reader.done
  clearInterval(watch)
  return { times: times.filter((time) => !Number.isNaN(time)), megabytes }
}

function residentMegabytes(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024)
}

const ms = (time: number) => `${Math.round(time)} ms`
