import { parse } from 'graphql'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Connection, TabStream } from '../../web/app/tab-stream.ts'

const token = `x.${btoa(JSON.stringify({ iat: 0, exp: 36_000 }))}.x`
const streams = { headers: { 'content-type': 'text/event-stream' } }
const heartbeat = ':\n\n'
const refusal = { message: 'Stopping.', extensions: { code: 'DRAINING' } }
const draining = `${heartbeat}event: next\ndata: ${JSON.stringify({ errors: [refusal] })}\n\n`
const event = `event: next\ndata: ${JSON.stringify({ data: { somethingEvents: { cursor: 'c1' } } })}\n\n`

let answer: () => Response
let askedAt: number[] = []

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
  askedAt = []
  vi.stubGlobal('document', { visibilityState: 'visible' })
  vi.stubGlobal('navigator', { onLine: true })
  vi.stubGlobal('fetch', async (url: string) => {
    if (url !== '/graphql') return Response.json({ token })
    askedAt.push(Date.now())
    return answer()
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

/** What a tab tells that follows something for so long. */
async function followedFor(ms: number) {
  const told = { opened: 0, events: 0, stood: new Set<Connection>() }
  const stream = new TabStream()
  stream.watch(() => told.stood.add(stream.connection))
  const leave = stream.follow({
    document: parse('subscription { somethingEvents { cursor } }') as never,
    variables: {},
    next: () => told.events++,
    opened: () => told.opened++,
  })
  await vi.advanceTimersByTimeAsync(ms)
  leave()
  await vi.advanceTimersByTimeAsync(1_000)
  return told
}

/** From one attempt to the next, in seconds. */
const pauses = () => askedAt.slice(1).map((at, nth) => (at - (askedAt[nth] ?? 0)) / 1_000)

test.each([
  ['closes at once', () => new Response('', streams)],
  ['says that it is there, and closes', () => new Response(heartbeat, streams)],
  ['is stopping', () => new Response(draining, streams)],
])('a server that accepts and %s is asked ever more seldom, and nothing is read anew for it', async (_, answers) => {
  answer = answers
  const { opened, stood } = await followedFor(600_000)
  expect(opened).toBe(0)
  expect([...stood].toSorted()).toEqual(['connecting', 'lost', 'reconnecting'])
  const rests = pauses().filter((it) => it > 10)
  expect(rests.slice(0, 4)).toEqual([15, 30, 60, 60])
  expect(pauses().slice(0, 8).at(-1), 'eight attempts, then a rest').toBe(15)
})

test('a stream that ends without a reason, again and again, is not asked for four times a second', async () => {
  answer = () => new Response(`${heartbeat}event: complete\ndata:\n\n`, streams)
  await followedFor(300_000)
  expect(pauses().slice(0, 4)).toEqual([0.25, 0.5, 1, 2])
  expect(Math.max(...pauses())).toBe(60)
})

test('a stream that brings something is live with the first event, and is begun again soon', async () => {
  answer = () => new Response(event, streams)
  const { opened, events } = await followedFor(60_000)
  expect(events).toBeGreaterThan(50)
  expect(opened).toBe(events)
})

test('a quiet stream is live with the first heartbeat', async () => {
  answer = () =>
    new Response(new ReadableStream({ start: (it) => it.enqueue(new TextEncoder().encode(heartbeat)) }), streams)
  const { opened, stood } = await followedFor(20_000)
  expect(opened).toBe(1)
  expect([...stood]).toEqual(['live'])
  expect(askedAt).toHaveLength(1)
})
