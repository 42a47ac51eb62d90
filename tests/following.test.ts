import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { FollowError, follow } from '../schema/follow.ts'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { type StreamEvent, streamEventFields, textOf } from './support/events.ts'
import { pause, says, startProvider } from './support/scripted-provider.ts'

const runEvents = `subscription ($runId: ID!, $after: String) { runEvents(runId: $runId, after: $after) { ...StreamEvent } } ${streamEventFields}`

/** A way to the server that breaks when it is told to: hard, or as a proxy does that ends the answer in good order. */
async function breakingWay(to: string) {
  const { port } = new URL(to)
  const open = new Set<[Socket, Socket]>()
  const server = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1')
    const pair: [Socket, Socket] = [near, far]
    open.add(pair)
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.pipe(into)
      from.on('error', () => into.destroy())
      from.on('close', () => {
        into.destroy()
        open.delete(pair)
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp(() => {
    for (const pair of open) for (const it of pair) it.destroy()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no address')
  return {
    url: `http://localhost:${address.port}/graphql`,
    cut() {
      for (const pair of open) for (const it of pair) it.destroy()
    },
    /** From now on nothing comes through, though all stays open. */
    mute() {
      for (const [, far] of open) far.unpipe()
    },
  }
}

async function answering(text: readonly string[]) {
  const provider = await startProvider()
  const app = await startApp({ provider })
  const ada = await app.user('ada')
  const way = await breakingWay(app.url)
  provider.plays(says(...text.flatMap((piece, at) => (at === 0 ? [piece] : [pause, piece]))))
  const { run, conversation } = await ada.asks('Tell me')
  // The host that a browser would name: the way has another port.
  const headers = () => ({ ...ada.headers })
  return { provider, app, ada, way, run, conversation, headers }
}

test('an answer arrives whole over a connection that breaks again and again', async () => {
  const { provider, way, run, headers } = await answering(['one ', 'two ', 'three ', 'four'])
  const events: StreamEvent[] = []
  const breaks: string[] = []
  let opened = 0
  for await (const event of follow<StreamEvent>({
    url: way.url,
    query: runEvents,
    variables: { runId: run.id },
    headers,
    onOpen: () => opened++,
    onBreak: (code) => breaks.push(code),
  })) {
    events.push(event)
    if (event.__typename === 'MessageDelta') {
      way.cut()
      provider.resume()
    }
  }
  expect(await textOf(events)).toBe('one two three four')
  expect(events.map((it) => it.__typename).filter((it) => it !== 'MessageDelta')).toEqual([
    'RunStarted',
    'MessageStarted',
    'MessageCompleted',
    'RunEnded',
  ])
  expect(new Set(events.map((it) => it.cursor)).size).toBe(events.length)
  expect(breaks.length).toBeGreaterThan(0)
  expect(new Set(breaks)).toEqual(new Set(['NETWORK']))
  expect(opened).toBeGreaterThan(1)
  expect(opened).toBeLessThanOrEqual(breaks.length + 1)
})

test('a connection that fell silent is given up and begun again', async () => {
  const { provider, way, run, headers } = await answering(['one ', 'two'])
  const events: StreamEvent[] = []
  let muted = false
  const breaks: string[] = []
  for await (const event of follow<StreamEvent>({
    url: way.url,
    query: runEvents,
    variables: { runId: run.id },
    headers,
    silenceMs: 300,
    onBreak: (code) => breaks.push(code),
  })) {
    events.push(event)
    if (event.__typename !== 'MessageDelta' || muted) continue
    muted = true
    way.mute()
    provider.resume()
  }
  expect(await textOf(events)).toBe('one two')
  expect(breaks).toContain('NETWORK')
})

test('whoever leaves or aborts is gone', async () => {
  const { way, run, headers, provider } = await answering(['one ', 'two'])
  const leaving = new AbortController()
  const options = { url: way.url, query: runEvents, variables: { runId: run.id }, headers }
  const seen: string[] = []
  for await (const { __typename } of follow<StreamEvent>({ ...options, signal: leaving.signal })) {
    seen.push(__typename)
    if (__typename === 'MessageDelta') leaving.abort()
  }
  expect(seen.at(-1)).toBe('MessageDelta')
  for await (const { __typename } of follow<StreamEvent>(options)) if (__typename === 'MessageStarted') break
  provider.resume()
  const rest = await Array.fromAsync(follow<StreamEvent>(options))
  expect(rest.at(-1)?.__typename).toBe('RunEnded')
})

test('what cannot be followed ends with its code', async () => {
  const { way, run, headers, provider, app } = await answering(['one'])
  const options = { url: way.url, query: runEvents, variables: { runId: run.id }, headers }
  const codeOf = async (more: object) => {
    try {
      await Array.fromAsync(follow({ ...options, ...more }))
    } catch (error) {
      return error instanceof FollowError ? error.code : error
    }
    return 'none'
  }
  provider.resume()
  expect(await codeOf({ variables: { runId: 'run_01h455vb4pex5vsknk084sn02q' } })).toBe('NOT_FOUND')
  expect(await codeOf({ after: 'nonsense' })).toBe('BAD_USER_INPUT')
  let asked = 0
  const withoutCredential = () => {
    asked++
    return {}
  }
  expect(await codeOf({ headers: withoutCredential })).toBe('UNAUTHENTICATED')
  expect(asked).toBe(2)
  const signedOut = () => {
    throw new FollowError('SIGNED_OUT', 'Nobody is signed in any more.')
  }
  expect(await codeOf({ headers: signedOut })).toBe('SIGNED_OUT')
  const offline = () => Promise.reject(new Error('No token to be had right now.'))
  expect(await codeOf({ headers: offline, attempts: 1 })).toBe('NETWORK')
  await app.close()
  expect(await codeOf({ attempts: 2 })).toBe('NETWORK')
})

test('a conversation is followed from where its history was read', async () => {
  const { ada, app, conversation, headers, run, provider } = await answering(['one'])
  provider.resume()
  await Array.fromAsync(ada.follows(run))
  const whole = await ada.query<{ conversation: { eventCursor: string } }>(
    readFileSync('schema/operations/whole-conversation.graphql', 'utf8'),
    { id: conversation.id },
  )
  provider.plays(says('More.'))
  await ada.asks('And?', { conversation })
  const seen: string[] = []
  for await (const event of follow<StreamEvent>({
    url: `${app.url}/graphql`,
    query: readFileSync('schema/operations/follow-conversation.graphql', 'utf8'),
    variables: { conversationId: conversation.id },
    after: whole.conversation.eventCursor,
    headers,
  })) {
    seen.push(event.__typename)
    if (event.__typename === 'RunEnded') break
  }
  expect(seen.filter((it) => it !== 'MessageDelta' && it !== 'ConversationUpdated')).toEqual([
    'RunStarted',
    'MessageStarted',
    'MessageCompleted',
    'RunEnded',
  ])
})
