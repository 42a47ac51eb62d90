import diagnostics from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { textsOf } from './support/events.ts'
import { pause, says, startProvider } from './support/scripted-provider.ts'
import { stalledReader } from './support/stalled-reader.ts'
import { followsOn, told } from './support/steady-reader.ts'

vi.setConfig({ testTimeout: 120_000 })

/** More than the system keeps for a connection between two programs of one machine. */
const pieces = 1_500
const piece = 'x'.repeat(4_000)
const streamBufferBytes = 100_000

test('a reader that stops reading for good costs only itself, and resumes where it was', async () => {
  const sockets = new Set<Socket>()
  const remember = (message: unknown) => void sockets.add((message as { socket: Socket }).socket)
  diagnostics.subscribe('net.server.socket', remember)
  cleanUp(() => diagnostics.unsubscribe('net.server.socket', remember))
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const app = await startApp({ provider, limits: { stallSeconds: 2, streamBufferBytes, outputBytes: 100_000_000 } })
  const ada = await app.user('ada')
  provider.plays(
    says('It begins', pause, ...Array.from({ length: pieces }, (_, index) => `${index}${piece}`), 'It ends.'),
  )
  const { run } = await ada.asks('Tell me everything')
  const stalled = await stalledReader(ada, run)
  const healthy = followsOn(() => ada, run)
  provider.resume()

  let longest = 0
  const watch = setInterval(() => {
    const theirs = [...sockets].find((socket) => socket.remotePort === stalled.port)
    longest = Math.max(longest, theirs?.writableLength ?? 0)
  }, 5)
  cleanUp(() => clearInterval(watch))
  const whole = await healthy.done
  expect(healthy.breaks).toBe(0)
  const [text = ''] = textsOf(whole).values()
  expect(text.length).toBeGreaterThan(pieces * piece.length)

  const socketOf = () => [...sockets].find((socket) => socket.remotePort === stalled.port)
  await vi.waitFor(() => expect(socketOf()?.destroyed ?? true).toBe(true), { timeout: 60_000, interval: 50 })
  // Once so much waits, nothing more is made for them: only the event that filled it stands over.
  expect(longest).toBeGreaterThanOrEqual(streamBufferBytes)
  expect(longest).toBeLessThan(1_000_000)
  const taken = await stalled.takesTheRest()
  expect(taken.length).toBeLessThan(whole.length)
  const rest = await Array.fromAsync(ada.follows(run, { after: taken.at(-1)?.cursor ?? '' }))
  expect(told([...taken, ...rest])).toEqual(told(whole))
})
