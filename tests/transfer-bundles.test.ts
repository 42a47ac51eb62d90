import { beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from './support/app.ts'
import { openDatabase } from './support/databases.ts'
import type { StreamEvent } from './support/events.ts'
import { moveIn } from './support/moving.ts'
import { says, startProvider } from './support/scripted-provider.ts'
import type { User } from './support/user.ts'

const time = '2026-01-01T10:00:00.000Z'

const message = (sequence: number, more: object = {}) => ({
  ...{ type: 'message', sequence, role: 'USER', content: `Nr ${sequence}`, status: 'COMPLETE', createdAt: time },
  ...{ supersededAt: null, replaces: null, feedback: null, run: null, toolCalls: [] },
  ...more,
})
const run = (number: number, answers: number, more: object = {}) => ({
  ...{ type: 'run', run: number, message: answers, status: 'COMPLETED', attempt: 1, model: 'm' },
  ...{ usage: null, error: null, createdAt: time, startedAt: time, finishedAt: time },
  ...more,
})
const call = (more: object) => ({
  ...{ providerId: 'c', calledAs: 'f', name: 'f', server: 's', title: null, arguments: '{}', subject: null },
  ...{ status: 'SUCCEEDED', result: null, resultText: null, resultParts: null, decision: null, denialReason: null },
  ...{ error: null, startedAt: time, finishedAt: time },
  ...more,
})
const why = (more: object) => ({ code: 'MODEL_RATE_LIMITED', message: 'Busy.', retryable: true, ...more })
const answered = (more: object = {}) => [message(1), message(2, { role: 'ASSISTANT', run: 1, ...more })]

function conversation(id: string, messages: object[], runs: object[] = [], more: object = {}): object[] {
  const named = { type: 'conversation', id, title: id, titledBy: 'user' }
  const times = { createdAt: time, updatedAt: time, archivedAt: null, pinnedAt: null }
  const end = { type: 'end', messages: messages.length, attachments: 0, runs: runs.length }
  return [{ ...named, ...times, ...more }, ...messages, ...runs, end]
}

const bundle = (...conversations: object[][]) =>
  [{ type: 'parley-export', version: 1 }, ...conversations.flat()].map((it) => JSON.stringify(it)).join('\n')

const outcomes = ({ report }: Awaited<ReturnType<typeof moveIn>>) =>
  report.map(({ name, outcome, reason }) => [name, outcome, ...(reason === null ? [] : [reason])])

describe('a bundle', () => {
  let app: TestApp
  let ada: User

  beforeAll(async () => {
    const provider = await startProvider()
    provider.plays(...Array.from({ length: 20 }, () => says('Gladly.')))
    app = await startApp({ provider })
    ada = await app.user('ada')
  })

  const runs: [string, object[], object[]][] = [
    ['one after the other', answered(), [run(1, 1)]],
    ['with gaps in its numbers', [message(3), message(7, { role: 'ASSISTANT', run: 2 })], [run(2, 3)]],
    [
      'in any order, with attempts',
      [message(9, { role: 'ASSISTANT', run: 5 }), message(4), message(6, { role: 'ASSISTANT', run: 3 })],
      [run(5, 4, { attempt: 7 }), run(3, 4, { attempt: 9 })],
    ],
    ['without any', [message(5)], []],
    [
      'with the highest numbers',
      [message(99_999_999), message(100_000_000, { role: 'ASSISTANT', run: 100_000_000 })],
      [run(100_000_000, 99_999_999, { attempt: 100_000_000 })],
    ],
  ]
  test.each(runs)('with runs %s goes on, and can be followed', async (name, messages, runs) => {
    const { report } = await moveIn(ada, bundle(conversation(name, messages, runs)))
    expect(report).toMatchObject([{ outcome: 'IMPORTED' }])
    const id = report[0]?.conversationId ?? ''
    const { conversation: read } = await ada.query<{ conversation: { eventCursor: string } }>(
      'query ($id: ID!) { conversation(id: $id) { eventCursor } }',
      { id },
    )
    const followers = [ada.follows(id), ada.follows(id, { after: read.eventCursor })]
    for (const it of followers) expect((await it.next()).value).toMatchObject({ __typename: 'ConversationUpdated' })
    const highest = Math.max(...messages.map((it) => ('sequence' in it ? Number(it.sequence) : 0)))
    for (const said of ['And now?', 'And then?']) {
      const { message } = await ada.hears(said, { conversation: id })
      expect(message.sequence).toBeGreaterThan(highest)
    }
    for (const it of followers) {
      const seen = await untilEnds(it, 2)
      expect(seen.filter((name) => name === 'RunStarted').length).toBe(2)
      expect(seen.filter((name) => name === 'MessageCompleted').length).toBe(2)
    }
  })

  /** The names of the events up to the end of so many runs. */
  async function untilEnds(events: AsyncGenerator<StreamEvent, void>, ends: number): Promise<string[]> {
    const seen: string[] = []
    for await (const { __typename } of events) {
      seen.push(__typename)
      if (seen.filter((name) => name === 'RunEnded').length === ends) break
    }
    return seen
  }

  const unstorable: [string, object[]][] = [
    ['a NUL in a result', conversation('x', answered({ toolCalls: [call({ result: { a: 'b\0' } })] }), [run(1, 1)])],
    [
      'half a sign in a name',
      conversation('x', answered({ toolCalls: [call({ result: [{ '\ud800': 1 }] })] }), [run(1, 1)]),
    ],
    ['a NUL in what it cost', conversation('x', answered(), [run(1, 1, { usage: ['\0'] })])],
    ['half a sign in why it failed', conversation('x', answered(), [run(1, 1, { error: why({ message: '\udc00' }) })])],
    ['half a sign beside it', conversation('x', answered(), [run(1, 1, { error: why({ more: '\udc00' }) })])],
    ['no reason why it failed', conversation('x', answered(), [run(1, 1, { error: {} })])],
    ['words for a time to wait', conversation('x', answered(), [run(1, 1, { error: why({ waitSeconds: 'long' }) })])],
    [
      'a number of a run that nothing can follow',
      conversation('x', answered({ run: 2_147_483_647 }), [run(2_147_483_647, 1)]),
    ],
    ['an attempt that no cursor can name', conversation('x', answered(), [run(1, 1, { attempt: 1_000_000_000 })])],
    ['a number of a message that nothing can follow', conversation('x', [message(2_147_483_647)])],
  ]
  test.each(unstorable)('with %s costs that conversation alone', async (_, damaged) => {
    const eve = await app.user('eve')
    const job = await moveIn(eve, bundle(conversation('a', [message(1)]), damaged, conversation('b', [message(1)])))
    expect(job.status).toBe('DONE')
    expect(outcomes(job)).toEqual([
      ['a', 'IMPORTED'],
      ['x', 'SKIPPED', expect.stringContaining('line ')],
      ['b', 'IMPORTED'],
    ])
  })

  test('with a result nested very deeply costs that conversation alone', async () => {
    const eve = await app.user('eve')
    const nested = '['.repeat(20_000) + ']'.repeat(20_000)
    const file = bundle(
      conversation('x', answered({ toolCalls: [call({ result: 'DEEP' })] }), [run(1, 1)]),
      conversation('b', [message(1)]),
    )
    const job = await moveIn(eve, file.replace('"DEEP"', nested))
    expect(outcomes(job)).toEqual([
      ['x', 'SKIPPED', expect.stringContaining('cannot be stored')],
      ['b', 'IMPORTED'],
    ])
  })

  test('lines that belong nowhere are told once', async () => {
    const eve = await app.user('eve')
    const job = await moveIn(
      eve,
      `${bundle(conversation('a', [message(1)]))}\n${'{}\n'.repeat(30_000)}${JSON.stringify(message(1))}`,
    )
    expect(job).toMatchObject({ status: 'DONE', imported: 1, skipped: 1 })
  })
})

test('names and reasons that cannot be stored are told without what is wrong with them', async () => {
  const ada = await (await startApp()).user('ada')
  const text = 'a\0b\ud800'
  const job = await moveIn(ada, [
    { mapping: {}, title: text, create_time: 1, id: 'g', current_node: 7 },
    { mapping: { [text]: 7 }, title: 'c', create_time: 1, id: 'h' },
  ])
  expect(job).toMatchObject({
    status: 'DONE',
    report: [{ name: 'ab\ufffd' }, { name: 'c', reason: expect.stringContaining('ab\ufffd') }],
  })
})

test('a file that is nothing but damage is not read to its end', async () => {
  const ada = await (await startApp()).user('ada')
  const job = await moveIn(ada, [{ mapping: {} }, ...Array(11_000).fill(0)])
  expect(job).toMatchObject({ status: 'FAILED', problem: expect.stringContaining('damaged'), skipped: 10_000 })
})

describe('what the database refuses', () => {
  let app: TestApp

  beforeAll(async () => {
    app = await startApp({ database: await openDatabase() })
    const em = app.database.orm.em.fork()
    await em.execute(`create function refuse() returns trigger language plpgsql as $$ begin
      if new.content like 'refuse %' then raise exception 'no' using errcode = substr(new.content, 8); end if;
      return new; end $$`)
    await em.execute('create trigger refuse before insert on message for each row execute function refuse()')
  })

  const refusedWith = async (state: string) => {
    const refused = conversation('x', [message(1), message(2, { content: `refuse ${state}` })])
    const file = bundle(conversation('a', [message(1)]), refused, conversation('b', [message(1)]))
    return moveIn(await app.user('ada'), file)
  }

  test.each(['22P02', '23514', '40P01', '54000', 'P0001'])('of one conversation (%s) costs that one', async (state) => {
    const job = await refusedWith(state)
    expect(job.status).toBe('DONE')
    expect(outcomes(job)).toEqual([
      ['a', 'IMPORTED'],
      ['x', 'SKIPPED', 'could not be stored'],
      ['b', 'IMPORTED'],
    ])
  })

  test('because it is away ends the reading', async () => {
    const job = await refusedWith('57P01')
    expect(job).toMatchObject({ status: 'FAILED', imported: 1, skipped: 0 })
    expect(job.problem).toContain('database could not be reached')
  })
})
