import { expect, test } from 'vitest'
import { internalId } from '../api/ids.ts'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { until } from './support/events.ts'
import { pause, says, startProvider } from './support/scripted-provider.ts'

async function start(limits = {}) {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const app = await startApp({ provider, limits })
  return { provider, app, ada: await app.user('ada') }
}

test('a stop reaches the model, and what was said stays', async () => {
  const { provider, ada } = await start()
  provider.plays(says('Once upon', pause, ' a time'), says('Gone on.'))
  const { run, conversation } = await ada.asks('Tell a story')
  await ada.sees(run, 'Once upon')
  const asked = await provider.asked(1)
  expect(await ada.stops(run)).toMatchObject({ status: 'STOPPED' })
  await asked.hungUp
  const events = await Array.fromAsync(ada.follows(run))
  expect(events.at(-2)).toMatchObject({
    __typename: 'MessageCompleted',
    message: { status: 'STOPPED', content: 'Once upon' },
  })
  expect(events.at(-1)).toMatchObject({ __typename: 'RunEnded', run: { status: 'STOPPED', error: null } })
  expect((await ada.hears('Go on', { conversation })).text).toBe('Gone on.')
  expect(provider.refusals).toEqual([])
})

test('a stop before the first token leaves no empty message', async () => {
  const { provider, ada } = await start()
  provider.plays(says(pause, 'never'))
  const { run } = await ada.asks('Hello')
  await provider.paused()
  expect(await ada.stops(run)).toMatchObject({ status: 'STOPPED' })
  const events = await Array.fromAsync(ada.follows(run))
  expect(events.map((it) => it.__typename)).toEqual(['RunStarted', 'RunEnded'])
})

test('a run that has ended stays as it is when it is stopped', async () => {
  const { provider, ada } = await start()
  provider.plays(says('Done.'))
  const { run } = await ada.hears('Quick')
  expect(await ada.stops(run)).toMatchObject({ status: 'COMPLETED' })
})

test('nobody else can stop it', async () => {
  const { provider, app, ada } = await start()
  provider.plays(says('Mine', pause))
  const { run } = await ada.asks('Hello')
  const eve = await app.user('eve')
  await expect(eve.stops(run)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await ada.stops(run)).toMatchObject({ status: 'STOPPED' })
})

test('a deleted conversation ends its streams, and nothing more is written', async () => {
  const { provider, app, ada } = await start()
  provider.plays(says('Words', pause))
  const { run, conversation } = await ada.asks('Hello')
  await ada.sees(run, 'Words')
  const following = ada.follows(conversation)
  await following.next()
  const asked = await provider.asked(1)
  const { deleteConversation } = await ada.mutate<{ deleteConversation: object }>(
    `mutation ($input: DeleteConversationInput!) {
      deleteConversation(input: $input) { deletedId deletedMessages deletedRuns } }`,
    { input: { conversationId: conversation.id } },
  )
  expect(deleteConversation).toEqual({ deletedId: conversation.id, deletedMessages: 2, deletedRuns: 1 })
  await asked.hungUp
  await Array.fromAsync(following)
  const id = internalId('conv', conversation.id)
  const [row] = await app.database.units.asSystem().execute<{ left: number }[]>(
    `select (select count(*) from message where conversation_id = it.id) + (select count(*) from run where conversation_id = it.id)
      + (select count(*) from tool_call where conversation_id = it.id)
      + (select count(*) from run_event where run_id not in (select id from run))
      + (select count(*) from conversation where id = it.id) as left
     from (select ?::uuid as id) it`,
    [id],
  )
  expect(Number(row?.left)).toBe(0)
  await expect(until(ada.follows(conversation), () => true)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a stop after a tool was used keeps its result and what was spent, and the conversation goes on', async () => {
  const { provider, ada } = await start()
  const listing = says({ call: { name: 'list_tasks' } }, { usage: { input: 70, output: 7 } })
  provider.plays(listing, says('Here', pause), says('Fine.'))
  const { run, conversation } = await ada.asks('List')
  await ada.sees(run, 'Here')
  await ada.stops(run)
  const { node } = await ada.query<{ node: object }>(
    `query ($id: ID!) { node(id: $id) { ... on Run {
      status usage { inputTokens outputTokens } messages { content toolCalls { status } } } } }`,
    { id: run.id },
  )
  expect(node).toEqual({
    ...{ status: 'STOPPED', usage: { inputTokens: 70, outputTokens: 7 } },
    messages: [
      { content: '', toolCalls: [{ status: 'SUCCEEDED' }] },
      { content: 'Here', toolCalls: [] },
    ],
  })
  expect((await ada.hears('And now?', { conversation })).text).toBe('Fine.')
  expect(provider.refusals).toEqual([])
})
