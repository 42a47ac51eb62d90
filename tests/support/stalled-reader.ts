import { once } from 'node:events'
import { connect } from 'node:net'
import { type StreamEvent, streamEventFields } from './events.ts'
import type { User } from './user.ts'

/** A reader on the bare socket, which takes the beginning of the stream and then nothing more. */
export async function stalledReader(user: User, run: { id: string }) {
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
