import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { eventStream } from '../../api/chatkit/event-stream.ts'

const calm = { signal: new AbortController().signal, heartbeatSeconds: 60 }
const hasty = { ...calm, heartbeatSeconds: 0.01 }

/** A source that tells three things: how much was taken from it, when its reader had left, and when it had ended. */
function watched(events: Iterable<unknown>, silent = false) {
  const left = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  const source = {
    taken: 0,
    left: left.promise,
    ended: ended.promise,
    async *events(signal: AbortSignal): AsyncGenerator<unknown, void> {
      signal.addEventListener('abort', () => left.resolve())
      try {
        for (const event of events) {
          source.taken++
          yield event
        }
        if (silent && !signal.aborted) await once(signal, 'abort')
      } finally {
        ended.resolve()
      }
    },
  }
  return source
}

function* endless() {
  for (let n = 0; ; n++) yield n
}

test('each event is one data line, and the end is only the end', async () => {
  const response = eventStream(watched([{ text: 'a\nb' }, { n: null }]).events, {
    ...calm,
    headers: { 'x-parley-run': 'r' },
  })
  expect(response.status).toBe(200)
  expect(Object.fromEntries(response.headers)).toEqual({
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'x-parley-run': 'r',
  })
  expect(await response.text()).toBe('data: {"text":"a\\nb"}\n\ndata: {"n":null}\n\n')
})

test('a silent stream is kept open by comments', async () => {
  const source = watched(['first'], true)
  const reader = eventStream(source.events, hasty).body?.pipeThrough(new TextDecoderStream()).getReader()
  const heard = [await reader?.read(), await reader?.read(), await reader?.read()]
  expect(heard.map((it) => it?.value)).toEqual(['data: "first"\n\n', ': ping\n\n', ': ping\n\n'])
  await reader?.cancel()
  await source.ended
})

test('the source is asked for no more than the reader takes', async () => {
  const source = watched(endless())
  const reader = eventStream(source.events, calm).body?.getReader()
  await reader?.read()
  for (let n = 0; n < 20; n++) await setImmediate()
  expect(source.taken).toBeLessThanOrEqual(3)
  await reader?.cancel()
  await source.ended
})

test('a source that waits is told when its reader leaves', async () => {
  const source = watched([1], true)
  const reader = eventStream(source.events, calm).body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await Promise.all([source.left, source.ended])
})

test('an aborted request ends the source and the stream', async () => {
  const request = new AbortController()
  const source = watched([1], true)
  const body = eventStream(source.events, { ...calm, signal: request.signal }).text()
  request.abort()
  await source.ended
  expect(await body).toBe('data: 1\n\n')
})

test('a source that breaks breaks the stream', async () => {
  async function* broken(): AsyncGenerator<number, void> {
    yield 1
    throw new Error('broken')
  }
  await expect(eventStream(broken, calm).text()).rejects.toThrow('broken')
})
