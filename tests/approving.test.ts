import { expect, test, vi } from 'vitest'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { openDatabase } from './support/databases.ts'
import { asked, decides } from './support/deciding.ts'
import { calls, says, startProvider } from './support/scripted-provider.ts'
import type { User } from './support/user.ts'

vi.setConfig({ testTimeout: 120_000 })

async function start() {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const app = await startApp({ provider })
  const ada = await app.user('ada')
  return { provider, app, ada, task: await addTask(ada, 'buy milk') }
}

async function addTask(user: User, title: string): Promise<{ id: string }> {
  const { createTask } = await user.mutate<{ createTask: { task: { id: string } } }>(
    'mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } } }',
    { input: { title } },
  )
  return createTask.task
}

async function titles(user: User): Promise<string[]> {
  const { tasks } = await user.query<{ tasks: { edges: { node: { title: string } }[] } }>(
    '{ tasks { edges { node { title } } } }',
  )
  return tasks.edges.map(({ node }) => node.title).toSorted()
}

const ended = (user: User, run: { id: string }) => Array.fromAsync(user.follows(run))

test('a tool that destroys waits for a person, runs when allowed, and the answer goes on', async () => {
  const { provider, ada, task } = await start()
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: task.id } }), says('It is gone.'))
  const sent = await ada.asks('Delete the milk')
  const [call = ''] = await asked(ada, sent)
  expect(await titles(ada)).toEqual(['buy milk'])
  await decides(ada, call, { decision: 'APPROVE' })
  const events = await ended(ada, sent.run)
  expect(events.at(-1)).toMatchObject({ __typename: 'RunEnded', run: { status: 'COMPLETED', attempt: 1 } })
  expect(await titles(ada)).toEqual([])
  expect(provider.refusals).toEqual([])
})

test('a denied call is told to the model, with the reason', async () => {
  const { provider, ada, task } = await start()
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: task.id } }), says('I left it.'))
  const sent = await ada.asks('Delete the milk')
  const [call = ''] = await asked(ada, sent)
  expect(await decides(ada, call, { decision: 'DENY', reason: 'we still need it' })).toMatchObject({
    status: 'DENIED',
    denialReason: 'we still need it',
  })
  await ended(ada, sent.run)
  expect(await titles(ada)).toEqual(['buy milk'])
  expect(JSON.stringify(provider.requests.at(-1)?.transcript)).toContain('we still need it')
  expect(provider.refusals).toEqual([])
})

test('arguments can be edited before they are allowed', async () => {
  const { provider, ada, task } = await start()
  const other = await addTask(ada, 'call mum')
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: task.id } }), says('Done.'))
  const sent = await ada.asks('Delete something')
  const [call = ''] = await asked(ada, sent)
  await decides(ada, call, { decision: 'APPROVE', arguments: { task_id: other.id } })
  await ended(ada, sent.run)
  expect(await titles(ada)).toEqual(['buy milk'])
})

test('the first decision wins: the same again is the same, another is refused', async () => {
  const { provider, ada, task } = await start()
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: task.id } }), says('Done.'))
  const sent = await ada.asks('Delete')
  const [call = ''] = await asked(ada, sent)
  const all = await Promise.all(Array.from({ length: 10 }, () => decides(ada, call, { decision: 'APPROVE' })))
  expect(new Set(all.map((it) => it.id)).size).toBe(1)
  await expect(decides(ada, call, { decision: 'DENY' })).rejects.toMatchObject({ code: 'CONFLICT' })
  const events = await ended(ada, sent.run)
  expect(events.filter((it) => it.__typename === 'RunEnded')).toHaveLength(1)
})

test('calls that need nobody run meanwhile; after the last decision the run goes on', async () => {
  const { provider, ada, task } = await start()
  const other = await addTask(ada, 'call mum')
  provider.plays(
    calls(
      { name: 'delete_task', arguments: { task_id: task.id } },
      { name: 'add_task', arguments: { title: 'new one' } },
      { name: 'delete_task', arguments: { task_id: other.id } },
    ),
    says('All done.'),
  )
  const sent = await ada.asks('Tidy up')
  const [first = '', second = ''] = await asked(ada, sent, 2)
  expect(await titles(ada)).toEqual(['buy milk', 'call mum', 'new one'])
  await decides(ada, second, { decision: 'DENY' })
  await decides(ada, first, { decision: 'APPROVE' })
  const events = await ended(ada, sent.run)
  expect(events.at(-1)).toMatchObject({ __typename: 'RunEnded', run: { status: 'COMPLETED' } })
  expect(await titles(ada)).toEqual(['call mum', 'new one'])
  expect(provider.refusals).toEqual([])
})

test('a run that waits survives its server, and is decided at another one', async () => {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const database = await openDatabase()
  const before = await startApp({ provider, database })
  const ada = await before.user('ada')
  const task = await addTask(ada, 'buy milk')
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: task.id } }), says('Gone.'))
  const sent = await ada.asks('Delete')
  const [call = ''] = await asked(ada, sent)
  await before.close()
  const after = await startApp({ provider, database })
  const again = await after.again(ada)
  await decides(again, call, { decision: 'APPROVE' })
  const events = await ended(again, sent.run)
  expect(events.filter((it) => it.__typename === 'ToolCallChanged').at(-1)).toMatchObject({
    toolCall: { status: 'SUCCEEDED' },
  })
  expect(await titles(again)).toEqual([])
})

test('a run that waits can be stopped, and interrupted', async () => {
  const { provider, ada, task } = await start()
  const deletes = () => calls({ name: 'delete_task', arguments: { task_id: task.id } })
  provider.plays(deletes(), deletes(), says('The urgent one.'))
  const sent = await ada.asks('Delete')
  const [call = ''] = await asked(ada, sent)
  expect(await ada.stops(sent.run)).toMatchObject({ status: 'STOPPED' })
  await expect(decides(ada, call, { decision: 'APPROVE' })).rejects.toMatchObject({ code: 'CONFLICT' })
  const { conversation } = sent
  const second = await ada.asks('Delete, please', { conversation })
  await asked(ada, second)
  const urgent = await ada.hears('Something else', { conversation, whenBusy: 'INTERRUPT' })
  expect(urgent.text).toBe('The urgent one.')
  expect(await titles(ada)).toEqual(['buy milk'])
  expect(provider.refusals).toEqual([])
})

test('nobody else can decide, and edited arguments are checked', async () => {
  const { provider, app, ada, task } = await start()
  provider.plays(calls({ name: 'delete_task', arguments: { task_id: task.id } }), says('ok'))
  const sent = await ada.asks('Delete')
  const [call = ''] = await asked(ada, sent)
  const eve = await app.user('eve')
  await expect(decides(eve, call, { decision: 'APPROVE' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(decides(ada, call, { decision: 'APPROVE', arguments: [1] })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
  })
  await decides(ada, call, { decision: 'DENY' })
  await ended(ada, sent.run)
})
