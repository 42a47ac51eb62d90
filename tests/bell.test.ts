import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ProcessBell } from '../api/bell/bell.ts'
import { PostgresBell } from '../api/bell/postgres-bell.ts'
import { type Connection, connectTo } from '../api/database/postgres.ts'
import { type PostgresServer, startPostgres } from './support/postgres.ts'

vi.setConfig({ testTimeout: 60_000 })

const open = () => new AbortController()

describe('in one process', () => {
  test('a thousand rings of a topic are one for a listener that was busy, and none is missed', async () => {
    const bell = new ProcessBell()
    const listener = bell.listen('run:1', open().signal)
    for (let ring = 0; ring < 1_000; ring++) bell.ring('run:1', ring % 2 ? 'odd' : 'even')
    bell.ring('run:2', 'another')
    expect((await listener.next()).toSorted()).toEqual(['even', 'odd'])
    const next = listener.next()
    bell.ring('run:1')
    expect(await next).toEqual([])
  })

  test('a listener that leaves twice takes nobody with it', async () => {
    const bell = new ProcessBell()
    const leaving = open()
    const first = bell.listen('run:1', leaving.signal)
    leaving.abort()
    const second = bell.listen('run:1', open().signal)
    first.close()
    const next = second.next()
    bell.ring('run:1', 'heard')
    expect(await next).toEqual(['heard'])
  })

  test('a listener whose reader has gone before it came never waits', async () => {
    const bell = new ProcessBell()
    expect(await bell.listen('run:1', AbortSignal.abort()).next()).toEqual([])
  })

  test('closing wakes whoever waits', async () => {
    const bell = new ProcessBell()
    const next = bell.listen('run:1', open().signal).next()
    await bell.close()
    expect(await next).toEqual([])
  })
})

describe('between processes', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres()
  }, 60_000)
  afterAll(() => server.stop())

  async function ask(statement: string, values: unknown[] = []): Promise<unknown[]> {
    const asked = await connectTo(server.url('postgres'))
    return (await asked.query(statement, values).finally(() => asked.end())).rows
  }

  /** Of the server's process behind it; the driver's types do not tell. */
  const pidOf = (connection: Connection | undefined) => (connection as { processID?: number } | undefined)?.processID

  async function bell() {
    const connections: Connection[] = []
    const bell = new PostgresBell(async () => {
      const connection = await connectTo(server.url('postgres'))
      connections.push(connection)
      return connection
    })
    await bell.begin()
    return { bell, connections }
  }

  test('a ring is heard everywhere, once where it was rung, however much rings at once', async () => {
    const [one, other] = await Promise.all([bell(), bell()])
    const topics = Array.from({ length: 500 }, (_, index) => `conversation:${crypto.randomUUID()}-${index}`)
    const here = one.bell.listen(topics[0] ?? '', open().signal)
    const there = topics.map((topic) => other.bell.listen(topic, open().signal))
    for (const topic of topics) one.bell.ring(topic, 'updated')
    expect(await Promise.all(there.map((listener) => listener.next()))).toEqual(topics.map(() => ['updated']))
    expect(await here.next()).toEqual(['updated'])
    one.bell.ringHere(topics[0] ?? '', 'only here')
    one.bell.ring(topics[1] ?? '', 'after it')
    expect(await there[1]?.next()).toEqual(['after it'])
    expect(await here.next()).toEqual(['only here'])
    expect(await there[0]?.next(50)).toEqual([])
    await Promise.all([one.bell.close(), other.bell.close()])
  })

  test('what rings while its line is cut is heard when it is back', async () => {
    const [one, other] = await Promise.all([bell(), bell()])
    const there = other.bell.listen('run:1', open().signal)
    const here = one.bell.listen('run:2', open().signal)
    await ask('select pg_terminate_backend($1)', [pidOf(one.connections[0])])
    one.bell.ring('run:1', 'in between')
    expect(await there.next()).toEqual(['in between'])
    expect(await here.next()).toEqual([]) // it may have missed something itself
    await Promise.all([one.bell.close(), other.bell.close()])
  })

  test('after a crash of the database everybody looks, and hears again', async () => {
    const [one, other] = await Promise.all([bell(), bell()])
    const there = other.bell.listen('run:1', open().signal)
    const here = one.bell.listen('run:2', open().signal)
    await server.crash()
    expect(await Promise.all([there.next(), here.next()])).toEqual([[], []])
    one.bell.ring('run:1', 'afterwards')
    expect(await there.next()).toEqual(['afterwards'])
    expect([one.connections.length, other.connections.length]).toEqual([2, 2])
    await Promise.all([one.bell.close(), other.bell.close()])
  })

  test('closing ends its connection for good, after the last ring', async () => {
    const [one, other] = await Promise.all([bell(), bell()])
    const there = other.bell.listen('run:1', open().signal)
    one.bell.ring('run:1', 'last words')
    await one.bell.close()
    expect(await there.next()).toEqual(['last words'])
    await other.bell.close()
    const others = `select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`
    await vi.waitFor(async () => expect(await ask(others)).toHaveLength(0), { timeout: 20_000 })
  })
})
