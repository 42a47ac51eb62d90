import diagnostics from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { type StreamEvent, streamEventFields, textsOf } from './support/events.ts'
import { pause, says, startProvider } from './support/scripted-provider.ts'
import { followsOn, told } from './support/steady-reader.ts'
import type { User } from './support/user.ts'

vi.setConfig({ testTimeout: 120_000 })

/** More than the system keeps for a connection between two programs of one machine. */
const pieces = 1_500
const piece = 'x'.repeat(4_000)

/** A reader on the bare socket, which takes the beginning of the stream and then nothing more. */
async function stalledReader(user: User, run: { id: string }) {
  const { port } = new URL(user.url)
  const query = `subscription ($id: ID!) { events: runEvents(runId: $id) { ...StreamEvent } } ${streamEventFields}`
  const body = JSON.stringify({ query, variables: { id: run.id } })
  const socket = connect(Number(port), '127.0.0.1')
  const headers = { ...user.headers, accept: 'text/event-stream', 'content-type': 'application/json' }
  const lines = Object.entries({ host: new URL(user.url).host, ...headers, 'content-length': Buffer.byteLength(body) })
  socket.write(`POST /graphql HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`)
  socket.setEncoding('utf8')
  let text = ''
  socket.on('data', (more: string) => {
    text += more
    if (text.includes('begins')) socket.pause()
  })
  await once(socket, 'pause')
  return {
    port: socket.localPort,
    /** Takes what is still on its way, and gives everything once the connection is gone. */
    async takesTheRest(): Promise<StreamEvent[]> {
      const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
      socket.on('error', () => {})
      socket.removeAllListeners('data').on('data', (more: string) => {
        text += more
      })
      socket.resume()
      await gone
      const whole = text
        .replace(/\r\n[0-9a-f]+\r\n/g, '')
        .split('\n\n')
        .slice(0, -1) // the last one was cut
      return whole.flatMap((block) => {
        const data = block.split('\n').find((line) => line.startsWith('data: {'))
        return data ? [JSON.parse(data.slice(6)).data.events as StreamEvent] : []
      })
    },
  }
}

test('a reader that stops reading for good costs only itself, and resumes where it was', async () => {
  const sockets = new Set<Socket>()
  const remember = (message: unknown) => void sockets.add((message as { socket: Socket }).socket)
  diagnostics.subscribe('net.server.socket', remember)
  cleanUp(() => diagnostics.unsubscribe('net.server.socket', remember))
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const app = await startApp({ provider, limits: { stallSeconds: 2, outputBytes: 100_000_000 } })
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
  expect(longest).toBeGreaterThan(0)
  expect(longest).toBeLessThan(1_000_000)
  const taken = await stalled.takesTheRest()
  expect(taken.length).toBeLessThan(whole.length)
  const rest = await Array.fromAsync(ada.follows(run, { after: taken.at(-1)?.cursor ?? '' }))
  expect(told([...taken, ...rest])).toEqual(told(whole))
})
