import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import { standardLimits } from '../api/limits.ts'
import { type Listening, listen, type Serve, type SocketLimits } from '../api/listen.ts'
import { cleanUp } from './support/cleaning.ts'

vi.setConfig({ testTimeout: 60_000 })

/** What is refused before anything looks at a request: at the limit it is served, beyond it is not. */
async function serving(limits: Partial<SocketLimits>) {
  const fetch: Serve = async (request) => new Response(`${(await request.text()).length} bytes`)
  return (await answering(limits, fetch)).port
}

async function answering(limits: Partial<SocketLimits>, fetch: Serve): Promise<Listening> {
  const server = await listen({ host: '127.0.0.1', port: 0, limits: { ...standardLimits, ...limits }, fetch })
  cleanUp(() => server.close(0))
  return server
}

async function opened(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  cleanUp(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** The first that is heard: the beginning of an answer, or nothing but the end. */
async function heard(socket: Socket): Promise<string> {
  const [first] = await Promise.race([once(socket, 'data'), once(socket, 'close')])
  return first instanceof Buffer ? (first.toString().split('\r\n', 1)[0] ?? '') : 'closed'
}

const ask = (extra = '') => `GET / HTTP/1.1\r\nhost: x\r\n${extra}\r\n`

async function asks(socket: Socket, words = ask()): Promise<string> {
  socket.write(words)
  return heard(socket)
}

const good = 'HTTP/1.1 200 OK'

describe('sockets', () => {
  test('in all', async () => {
    const port = await serving({ sockets: 2 })
    const first = await opened(port)
    expect(await asks(first)).toBe(good)
    expect(await asks(await opened(port))).toBe(good)
    expect(await asks(await opened(port))).toBe('closed')
    first.destroy()
    await once(first, 'close')
    // The server hears of it a moment later.
    while ((await asks(await opened(port))) !== good);
  })

  test('of one address, when that is wished', async () => {
    const port = await serving({ socketsPerAddress: 2 })
    const first = await opened(port)
    expect(await asks(first)).toBe(good)
    expect(await asks(await opened(port))).toBe(good)
    expect(await asks(await opened(port))).toBe('closed')
    first.destroy()
    await once(first, 'close')
    while ((await asks(await opened(port))) !== good);
  })

  test('of one address are not limited by default: behind a proxy all come from one', async () => {
    expect(standardLimits.socketsPerAddress).toBeUndefined()
  })
})

test('headers: so many bytes', async () => {
  const port = await serving({ headerBytes: 2_000 })
  // Of a header names, values and what stands between them count.
  const withBytes = (size: number) => ask(`x: ${'y'.repeat(size)}\r\n`)
  expect(await asks(await opened(port), withBytes(1_900))).toBe(good)
  expect(await asks(await opened(port), withBytes(2_001))).toBe('HTTP/1.1 431 Request Header Fields Too Large')
})

test.each([20_000, 300_000])('%i bytes wait for a reader who takes nothing, and one event more', async (limit) => {
  const event = new Uint8Array(5_000).fill(120)
  const events = 4_000 // much more than the system keeps for a connection
  let made = 0
  const pull = (controller: ReadableStreamDefaultController) => {
    if (++made > events) controller.close()
    else controller.enqueue(event)
  }
  const body = () => new ReadableStream({ pull }, { highWaterMark: 0 })
  const { port, server } = await answering({ streamBufferBytes: limit }, async () => new Response(body()))
  const accepted = once(server, 'connection')
  const reader = await opened(port)
  const [theirs]: Socket[] = await accepted
  reader.write(ask('connection: close\r\n'))
  let before = -1
  const isStill = () => {
    const none = theirs?.writableNeedDrain === true && made === before
    before = made
    return none
  }
  await vi.waitUntil(isStill, { timeout: 50_000, interval: 100 })
  expect(theirs?.writableLength).toBeGreaterThanOrEqual(limit)
  expect(theirs?.writableLength).toBeLessThan(limit + event.length + 1_000)
  expect(made).toBeLessThan(events)
  let taken = 0
  for await (const chunk of reader) taken += (chunk as Buffer).length
  expect(taken, 'and all comes when they take it').toBeGreaterThan(events * event.length)
})

describe('time', () => {
  test('for the headers', async () => {
    const port = await serving({ headerSeconds: 4 })
    const [slow, quick] = [await opened(port), await opened(port)]
    slow.write('GET / HTTP/1.1\r\nhost: x\r\n')
    quick.write('GET / HTTP/1.1\r\n')
    setTimeout(() => quick.write('host: x\r\n\r\n'), 200)
    const since = performance.now()
    expect(await Promise.all([heard(quick), heard(slow)])).toEqual([good, 'HTTP/1.1 408 Request Timeout'])
    expect(performance.now() - since).toBeGreaterThan(3_900)
  })

  test('for the body', async () => {
    const port = await serving({ headerSeconds: 3, bodySeconds: 4 })
    const [slow, quick] = [await opened(port), await opened(port)]
    const begun = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab'
    slow.write(begun)
    quick.write(begun)
    setTimeout(() => quick.write('cd'), 200)
    const since = performance.now()
    expect(await Promise.all([heard(quick), heard(slow)])).toEqual([good, 'HTTP/1.1 408 Request Timeout'])
    expect(performance.now() - since).toBeGreaterThan(3_900)
  })

  test('for a file of conversations, which is large: more', async () => {
    const port = await serving({ headerSeconds: 1, bodySeconds: 1, importSeconds: 60 })
    const [file, other] = [await opened(port), await opened(port)]
    const begun = (path: string) => `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab`
    file.write(begun('/import'))
    other.write(begun('/imports'))
    expect(await heard(other)).toBe('HTTP/1.1 408 Request Timeout')
    await new Promise((resolve) => setTimeout(resolve, 1_500)) // nothing tells that something goes on as before
    file.write('cd')
    expect(await heard(file)).toBe(good)
  })
})
