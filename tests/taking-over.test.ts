import { expect, test, vi } from 'vitest'
import { type Connection, connectTo } from '../api/database/postgres.ts'
import { internalId } from '../api/ids.ts'
import { roomy, startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { engine, freshDatabase, sharedDatabase } from './support/databases.ts'
import { asked, decides } from './support/deciding.ts'
import { type StreamEvent, textsOf } from './support/events.ts'
import { withPower } from './support/power.ts'
import { calls, pause, says, startProvider } from './support/scripted-provider.ts'
import { startServer } from './support/server-process.ts'
import { followsOn, told } from './support/steady-reader.ts'
import { at, signUp, type User } from './support/user.ts'

vi.setConfig({ testTimeout: 180_000 })

async function play() {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  return provider
}

/** A server that can die at any moment, with the provider that all of them ask. */
async function start(provider: Awaited<ReturnType<typeof play>>, limits = {}) {
  const { database, power } = withPower(await sharedDatabase())
  return { ...(await startApp({ provider, database, limits })), power }
}

/** What another server does once the lease of a dead one is over: nobody waits for that here. */
async function takeOver(provider: Awaited<ReturnType<typeof play>>, limits = {}) {
  const { units } = await sharedDatabase()
  await units.asSystem().execute(`update run set lease_until = now() where status = 'RUNNING'`)
  return start(provider, limits)
}

/** Waits until the table has this among the deltas of a run. */
async function untilStored(run: { id: string }, text: string): Promise<void> {
  const { units } = await sharedDatabase()
  await vi.waitFor(
    async () => {
      const rows = await units
        .asSystem()
        .execute<{ texts: string[] }[]>(
          `select event->'texts' as texts from run_event where run_id = ? and event->>'type' = 'deltas'`,
          [internalId('run', run.id)],
        )
      expect(rows.flatMap(({ texts }) => texts).join('')).toContain(text)
    },
    { timeout: 60_000, interval: 20 },
  )
}

const saying = (text: string) => (event: StreamEvent) =>
  event.__typename === 'MessageDelta' && event.delta.includes(text)

const kinds = (events: readonly StreamEvent[]) =>
  told(events).map((line) => (line.includes(' says ') ? line.replace(/^.* says /, '+') : line.replace(/ .*$/, '')))

const endOf = (events: readonly StreamEvent[]) => events.findLast((it) => it.__typename === 'RunEnded')?.run

test('what a reader heard and the table never got is taken back, and the answer starts over', async () => {
  const provider = await play()
  const first = await start(provider)
  const ada = await first.user('ada')
  provider.plays(says('Once', pause, ' never stored'), says('A new', ' story.'))
  const { run } = await ada.asks('Tell me a story')
  let url = first.url
  const reader = followsOn(() => at(url, ada), run)
  await reader.hears(saying('Once'))
  await untilStored(run, 'Once')
  first.power.cut()
  provider.resume()
  await reader.hears(saying('never stored'))
  const second = await takeOver(provider)
  url = second.url
  await first.close()
  const events = await reader.done
  expect(kinds(events)).toEqual([
    ...['RunStarted', 'MessageStarted', '+Once never stored', 'MessageReset', '+A new story.'],
    ...['MessageCompleted', 'RunEnded'],
  ])
  expect([...textsOf(events).values()]).toEqual(['A new story.'])
  expect(endOf(events)).toMatchObject({ status: 'COMPLETED', attempt: 2, error: null })
  const late = await Array.fromAsync(at(url, ada).follows(run))
  expect(kinds(late)).toEqual(kinds(events).map((it) => it.replace(' never stored', '')))
  expect(provider.refusals).toEqual([])
})

test('a queue outlives its server and goes on in its order', async () => {
  const provider = await play()
  const first = await start(provider)
  const ada = await first.user('ada')
  provider.plays(says('One', pause), says('One.'), says('Two.'), says('Three.'))
  const { conversation } = await ada.asks('1')
  await provider.paused()
  await ada.asks('2', { conversation, whenBusy: 'QUEUE' })
  const last = await ada.asks('3', { conversation, whenBusy: 'QUEUE' })
  first.power.cut()
  const second = await takeOver(provider)
  const again = at(second.url, ada)
  expect(endOf(await Array.fromAsync(again.follows(last.run)))).toMatchObject({ status: 'COMPLETED', attempt: 1 })
  expect(await spoken(again, conversation)).toEqual(['1', 'One.', '2', 'Two.', '3', 'Three.'])
  expect(provider.refusals).toEqual([])
})

test('a run that was to be stopped when its server died ends stopped, with its text, and asks no model', async () => {
  const provider = await play()
  const first = await start(provider)
  const ada = await first.user('ada')
  provider.plays(says('Once upon', pause, ' a time'))
  const { run } = await ada.asks('Tell me a story')
  await untilStored(run, 'Once upon')
  first.power.cutAt(first.power.commits + 1, 'after')
  await expect(ada.stops(run)).rejects.toThrow()
  const second = await takeOver(provider)
  const events = await Array.fromAsync(at(second.url, ada).follows(run))
  expect(kinds(events)).toEqual([
    ...['RunStarted', 'MessageStarted', '+Once upon', 'MessageReset', '+Once upon', 'MessageCompleted', 'RunEnded'],
  ])
  expect(events.at(-2)).toMatchObject({ message: { status: 'STOPPED', content: 'Once upon' } })
  expect(endOf(events)).toMatchObject({ status: 'STOPPED', error: null })
  expect(provider.requests).toHaveLength(1)
})

test('a model that fails after a takeover leaves the text that was kept', async () => {
  const provider = await play()
  const first = await start(provider)
  const ada = await first.user('ada')
  provider.plays(says('Once upon', pause))
  const { run } = await ada.asks('Tell me a story')
  await untilStored(run, 'Once upon')
  first.power.cut()
  provider.always(says()) // an empty answer
  const second = await takeOver(provider)
  const events = await Array.fromAsync(at(second.url, ada).follows(run))
  expect(events.at(-2)).toMatchObject({ message: { status: 'INTERRUPTED', content: 'Once upon' } })
  expect(endOf(events)).toMatchObject({ status: 'INTERRUPTED', error: { code: 'MODEL_BAD_RESPONSE', retryable: true } })
  expect([...textsOf(events).values()]).toEqual(['Once upon'])
})

test('after three takeovers without a step forward a run is given up, its text stays and it can be tried again', async () => {
  const provider = await play()
  let server = await start(provider)
  const ada = await server.user('ada')
  const texts = ['First', 'Second', 'Third']
  provider.plays(...texts.map((text) => says(text, pause)))
  const asked = await ada.asks('Tell me a story')
  for (const text of texts) {
    await untilStored(asked.run, text)
    server.power.cut()
    server = await takeOver(provider)
  }
  const again = at(server.url, ada)
  const events = await Array.fromAsync(again.follows(asked.run))
  expect(kinds(events).slice(-5)).toEqual(['+Third', 'MessageReset', '+Third', 'MessageCompleted', 'RunEnded'])
  expect(events.at(-2)).toMatchObject({ message: { status: 'INTERRUPTED', content: 'Third' } })
  expect(endOf(events)).toMatchObject({
    ...{ status: 'INTERRUPTED', attempt: 4, error: { code: 'SERVER_RESTARTED', retryable: true } },
  })
  expect(provider.requests).toHaveLength(3)
  provider.plays(says('The end.'))
  const { retryMessage } = await again.mutate<{ retryMessage: { run: { id: string } } }>(
    'mutation ($input: RetryMessageInput!) { retryMessage(input: $input) { run { id } } }',
    { input: { messageId: asked.message.id } },
  )
  expect(endOf(await Array.fromAsync(again.follows(retryMessage.run)))).toMatchObject({ status: 'COMPLETED' })
  expect(provider.refusals).toEqual([])
})

test('a server that stops sends its readers away and hands over what does not finish: no gap, no new attempt', async () => {
  const provider = await play()
  const first = await start(provider)
  const ada = await first.user('ada')
  const words = Array.from({ length: 400 }, (_, index) => [{ waits: 5 }, `w${index} `])
  provider.plays(says(...words.flat(), pause), says('A new story.'))
  const { run } = await ada.asks('Tell me a story')
  let url = first.url
  const reader = followsOn(() => at(url, ada), run)
  await reader.hears(saying('w9 '))
  const asked = await provider.asked(1)
  const closed = first.close()
  await asked.hungUp
  const second = await start(provider)
  url = second.url
  await closed
  const events = await reader.done
  expect(reader.breaks).toBeGreaterThan(0)
  expect(endOf(events)).toMatchObject({ status: 'COMPLETED', attempt: 1 })
  expect([...textsOf(events).values()]).toEqual(['A new story.'])
  expect(told(events)).toEqual(told(await Array.fromAsync(at(url, ada).follows(run))))
})

test('a server that stops lets an answer finish that needs only a moment', async () => {
  const provider = await play()
  const first = await start(provider, { drainSeconds: 60 })
  const ada = await first.user('ada')
  provider.plays(says('Once', pause, ' upon a time.'))
  const { run, conversation } = await ada.asks('Tell me a story')
  const following = Array.fromAsync(ada.follows(run))
  await provider.paused()
  const closed = first.close()
  await expect(following).rejects.toMatchObject({ code: 'DRAINING' })
  provider.resume()
  await closed
  const second = await start(provider)
  const again = at(second.url, ada)
  expect(endOf(await Array.fromAsync(again.follows(run)))).toMatchObject({ status: 'COMPLETED', attempt: 1 })
  expect(await spoken(again, conversation)).toEqual(['Tell me a story', 'Once upon a time.'])
  expect(provider.requests).toHaveLength(1)
})

test('a stop that comes just before a run waits for a person is not lost', async () => {
  const provider = await play()
  const server = await start(provider)
  const ada = await server.user('ada')
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: 'task_01h455vb4pex5vsknk084sn02q' } }))
  // The message, its answer begun and completed, the question to the person: then the run would wait.
  const waiting = server.power.hold(5)
  const { run } = await ada.asks('Delete it')
  await waiting.reached
  const stopped = ada.stops(run)
  await vi.waitFor(async () => {
    const { units } = await sharedDatabase()
    const asked = 'select from run where id = ? and stop_requested_at is not null'
    expect(await units.asSystem().execute<object[]>(asked, [internalId('run', run.id)])).toHaveLength(1)
  })
  waiting.release()
  await stopped
  const events = await Array.fromAsync(ada.follows(run))
  expect(endOf(events)).toMatchObject({ status: 'STOPPED' })
  expect(events.findLast((it) => it.__typename === 'ToolCallChanged')).toMatchObject({
    toolCall: { status: 'CANCELLED' },
  })
})

/** A run that waits for a person, and whose server did not hear that the commit of that was stored. */
async function waitsUnheard(leaseMilliseconds = 3_600_000) {
  const provider = await play()
  const server = await start(provider, { leaseMilliseconds })
  const ada = await server.user('ada')
  const { createTask } = await ada.mutate<{ createTask: { task: { id: string } } }>(
    'mutation { createTask(input: { title: "x" }) { task { id } } }',
  )
  const wanted = calls({ name: 'delete_task', arguments: { task_id: createTask.task.id } })
  provider.plays(wanted, says('It is gone.'))
  // The message, its answer begun and completed, the question to the person; then the run waits.
  const waits = server.power.commits + 5
  return { server, ada, waits }
}

test('a run that waits for a person goes on when allowed, also if the answer to its last commit was lost', async () => {
  const { server, ada, waits } = await waitsUnheard()
  server.power.loseAnswer(waits)
  const sent = await ada.asks('Delete it')
  const [call = ''] = await asked(ada, sent)
  await decides(ada, call, { decision: 'APPROVE' })
  expect(endOf(await Array.fromAsync(ada.follows(sent.run)))).toMatchObject({ status: 'COMPLETED', attempt: 1 })
})

test('so it does when a person decides, or stops it, before it has looked whether it waits', async () => {
  for (const status of ['COMPLETED', 'STOPPED']) {
    // One that is to be stopped is found at the next look for work.
    const { server, ada, waits } = await waitsUnheard(status === 'STOPPED' ? 10_000 : undefined)
    server.power.loseAnswer(waits)
    const looking = server.power.hold(waits + 1)
    const sent = await ada.asks('Delete it')
    await looking.reached
    const [call = ''] = await asked(ada, sent)
    await (status === 'STOPPED' ? ada.stops(sent.run) : decides(ada, call, { decision: 'APPROVE' }))
    looking.release()
    const events = await Array.fromAsync(ada.follows(sent.run))
    expect(endOf(events)).toMatchObject({ status, attempt: 1 })
    expect(told(events)).toEqual(told(await Array.fromAsync(ada.follows(sent.run))))
  }
})

/** The program itself, on data of its own. */
async function program(provider: Awaited<ReturnType<typeof play>>, env: Record<string, string> = {}) {
  const { databaseUrl, dataDir } = await freshDatabase()
  const server = await startServer({
    ...{
      DATABASE_URL: databaseUrl,
      PARLEY_DATA_DIR: dataDir,
      PARLEY_SECRET: 'a secret of at least thirty-two characters',
    },
    ...{ OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: provider.url, PARLEY_MODEL: 'scripted' },
    PARLEY_LIMITS: JSON.stringify({ ...roomy, leaseMilliseconds: 3_000 }),
    ...env,
  })
  return { server, databaseUrl, ada: await signUp(server.url) }
}

test('an error that nobody caught does not end the program', async () => {
  const provider = await play()
  const loose = `setTimeout(() => Promise.reject(new Error('nobody listens')), 1)`
  const { server, ada } = await program(provider, {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(loose)}`,
  })
  await vi.waitFor(() => expect(server.output()).toContain('nobody listens'), { timeout: 60_000 })
  provider.plays(says('Still here.'))
  expect((await ada.hears('Hello?')).text).toBe('Still here.')
})

// The embedded database has one connection for everything.
if (engine() === 'postgres')
  test('what was told and could not be stored by the way is stored when a run is handed over', async () => {
    const provider = await play()
    const first = await start(provider)
    const ada = await first.user('ada')
    provider.plays(says('Once', pause, ' upon', pause), says('A new story.'))
    const { run } = await ada.asks('Tell me a story')
    let url = first.url
    const reader = followsOn(() => at(url, ada), run)
    await reader.hears(saying('Once'))
    first.power.cutLines()
    provider.resume()
    await reader.hears(saying(' upon'))
    await first.close()
    const second = await start(provider)
    url = second.url
    expect(kinds(await reader.done)).toEqual([
      ...['RunStarted', 'MessageStarted', '+Once upon', 'MessageReset', '+A new story.'],
      ...['MessageCompleted', 'RunEnded'],
    ])
    expect(told(reader.events)).toEqual(told(await Array.fromAsync(at(url, ada).follows(run))))
  })

// The embedded database is part of its process: nobody else can hold a lock in it.
if (engine() === 'postgres')
  test('a tool that was cut off in its middle is called again only if that does no harm', async () => {
    const provider = await play()
    const { server, ada, databaseUrl } = await program(provider)
    provider.plays(
      calls({ name: 'add_task', arguments: { title: 'once at most' } }, { name: 'list_tasks' }),
      says('Now you know.'),
    )
    const { run, conversation } = await onOwnConnection(databaseUrl, async (holder) => {
      await holder.query('begin; lock table task in access exclusive mode')
      const asked = await ada.asks('Add and list')
      await vi.waitFor(
        async () => {
          const { rows } = await holder.query(`select from pg_locks where not granted and relation = 'task'::regclass`)
          expect(rows).toHaveLength(2)
        },
        { timeout: 60_000 },
      )
      await server.kill()
      await holder.query('select pg_terminate_backend(pid) from pg_locks where not granted')
      await holder.query('rollback')
      return asked
    })
    await server.start()
    expect(endOf(await Array.fromAsync(ada.follows(run)))).toMatchObject({ status: 'COMPLETED', attempt: 2 })
    const [, answer] = await transcript(ada, conversation)
    expect(answer?.toolCalls).toMatchObject([
      { name: 'add_task', status: 'OUTCOME_UNKNOWN' },
      { name: 'list_tasks', status: 'SUCCEEDED' },
    ])
    const shown = provider.requests.at(-1)?.transcript.filter((entry) => 'output' in entry)
    expect(shown?.map(({ output }) => output)).toEqual([
      expect.stringMatching(/not known/),
      expect.stringMatching(/"tasks":\[\]/),
    ])
    expect(provider.refusals).toEqual([])
  })

/** On a connection of the test's own. */
async function onOwnConnection<T>(
  databaseUrl: string | undefined,
  work: (client: Connection) => Promise<T>,
): Promise<T> {
  const client = await connectTo(databaseUrl ?? '')
  return work(client).finally(() => client.end())
}

/** What was said in a conversation, as it stands. */
async function spoken(user: User, { id }: { id: string }): Promise<string[]> {
  return (await transcript(user, { id })).map(({ content }) => content)
}

type Said = { role: string; status: string; content: string; toolCalls: { name: string; status: string }[] }

async function transcript(user: User, { id }: { id: string }): Promise<Said[]> {
  const { conversation } = await user.query<{ conversation: { messages: { edges: { node: Said }[] } } }>(
    `query ($id: ID!) { conversation(id: $id) {
      messages(first: 100) { edges { node { role status content toolCalls { name status } } } } } }`,
    { id },
  )
  return conversation.messages.edges.map(({ node }) => node)
}
