import { expect, test } from 'vitest'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { pause, says, startProvider } from './support/scripted-provider.ts'
import type { User } from './support/user.ts'

async function start(env?: Record<string, string>) {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const app = await startApp({ provider, env })
  return { provider, app, ada: await app.user('ada') }
}

type Listed = {
  conversation: { messages: { edges: { node: { id: string; content: string; replaces: { id: string } | null } }[] } }
}

async function contents(user: User, id: string, includeSuperseded = false): Promise<string[]> {
  const { conversation } = await user.query<Listed>(
    `query ($id: ID!, $all: Boolean) { conversation(id: $id) {
      messages(first: 100, includeSuperseded: $all) { edges { node { id content replaces { id } } } } } }`,
    { id, all: includeSuperseded },
  )
  return conversation.messages.edges.map(({ node }) => node.content)
}

async function retry(user: User, messageId: string): Promise<{ id: string }> {
  const { retryMessage } = await user.mutate<{ retryMessage: { run: { id: string } } }>(
    'mutation ($input: RetryMessageInput!) { retryMessage(input: $input) { run { id } } }',
    { input: { messageId } },
  )
  return retryMessage.run
}

async function edit(user: User, messageId: string, content: string, model?: string) {
  const { editMessage } = await user.mutate<{
    editMessage: { run: { id: string }; message: { id: string; replaces: { id: string } } }
  }>(
    'mutation ($input: EditMessageInput!) { editMessage(input: $input) { run { id } message { id replaces { id } } } }',
    { input: { messageId, content, model } },
  )
  return editMessage
}

test('a retry answers again; what it replaces is superseded and can still be read', async () => {
  const { provider, ada } = await start()
  provider.plays(says('First try'), says('More'), says('Second try'))
  const first = await ada.hears('Question')
  await ada.hears('Follow-up', { conversation: first.conversation })
  await Array.fromAsync(ada.follows(await retry(ada, first.message.id)))
  expect(await contents(ada, first.conversation.id)).toEqual(['Question', 'Second try'])
  expect(await contents(ada, first.conversation.id, true)).toEqual([
    'Question',
    'First try',
    'Follow-up',
    'More',
    'Second try',
  ])
  expect(provider.requests.at(-1)?.transcript).toHaveLength(1)
  expect(provider.refusals).toEqual([])
})

test('an edit says it anew, names what it replaces and is answered', async () => {
  const { provider, ada } = await start()
  provider.plays(says('Paris'), says('Rome'))
  const first = await ada.hears('Capital of France?')
  const edited = await edit(ada, first.message.id, 'Capital of Italy?')
  expect(edited.message.replaces.id).toBe(first.message.id)
  await Array.fromAsync(ada.follows(edited.run))
  expect(await contents(ada, first.conversation.id)).toEqual(['Capital of Italy?', 'Rome'])
  expect(JSON.stringify(provider.requests.at(-1)?.transcript)).not.toContain('France')
})

test('who asks again, or changes a word, asks the model that was asked last, or the one that is named', async () => {
  const { provider, ada } = await start({ PARLEY_MODELS: 'other' })
  provider.always(says('ok'))
  const { message } = await ada.hears('Question', { model: 'other' })
  await Array.fromAsync(ada.follows(await retry(ada, message.id)))
  const edited = await edit(ada, message.id, 'Question!')
  await Array.fromAsync(ada.follows(edited.run))
  const named = await edit(ada, edited.message.id, 'Question?', 'scripted')
  await Array.fromAsync(ada.follows(named.run))
  await Array.fromAsync(ada.follows(await retry(ada, named.message.id)))
  expect(provider.requests.map(({ model }) => model)).toEqual(['other', 'other', 'other', 'scripted', 'scripted'])
  await expect(edit(ada, named.message.id, 'x', 'unknown')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
})

test('twenty retries leave one answer, the last one', async () => {
  const { provider, ada } = await start()
  let n = 0
  provider.always(() => says(`answer ${n++}`))
  const first = await ada.hears('Question')
  for (let i = 0; i < 20; i++) await Array.fromAsync(ada.follows(await retry(ada, first.message.id)))
  expect(await contents(ada, first.conversation.id)).toEqual(['Question', 'answer 20'])
  expect(await contents(ada, first.conversation.id, true)).toHaveLength(22)
})

test('what was answered in part and changed then is not taken back', async () => {
  const { provider, ada } = await start()
  provider.plays(says('Slowly', pause), says('Better.'))
  const { run, message } = await ada.asks('Question')
  await ada.sees(run, 'Slowly')
  await ada.stops(run)
  await Array.fromAsync(ada.follows((await edit(ada, message.id, 'Another question')).run))
  const takeBack = 'mutation ($id: ID!) { stopRun(input: { runId: $id, takeBack: true }) { run { id } } }'
  await expect(ada.mutate(takeBack, { id: run.id })).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('a change of what waits moves the conversation up, as anything that is said', async () => {
  const { provider, ada } = await start()
  provider.plays(says('Slowly', pause))
  const { conversation } = await ada.asks('One')
  await provider.paused()
  const { message } = await ada.asks('Two', { conversation, whenBusy: 'QUEUE' })
  const movedAt = async () => {
    const query = 'query ($id: ID!) { conversation(id: $id) { updatedAt } }'
    const { conversation: it } = await ada.query<{ conversation: { updatedAt: string } }>(query, {
      id: conversation.id,
    })
    return Date.parse(it.updatedAt)
  }
  const before = await movedAt()
  await edit(ada, message.id, 'Two, changed')
  expect(await movedAt()).toBeGreaterThan(before)
})

test('while a run is being made nothing is revised', async () => {
  const { provider, ada } = await start()
  provider.plays(says('Slowly', pause))
  const { message } = await ada.asks('Question')
  await expect(retry(ada, message.id)).rejects.toMatchObject({ code: 'RUN_ACTIVE' })
  await expect(edit(ada, message.id, 'Other')).rejects.toMatchObject({ code: 'RUN_ACTIVE' })
})

test('answers, replaced messages and those of others cannot be revised', async () => {
  const { provider, app, ada } = await start()
  provider.always(says('ok'))
  const { message, events } = await ada.hears('Question')
  const answer = events.flatMap((it) => (it.__typename === 'MessageCompleted' ? [it.message.id] : []))[0] ?? ''
  await expect(retry(ada, answer)).rejects.toMatchObject({ code: 'CONFLICT' })
  const eve = await app.user('eve')
  await expect(retry(eve, message.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(edit(eve, message.id, 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const edited = await edit(ada, message.id, 'New question')
  await Array.fromAsync(ada.follows(edited.run))
  await expect(retry(ada, message.id)).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('a message that waits is changed in its place in the queue, or taken back; one that is being answered is not', async () => {
  const { provider, app, ada } = await start()
  provider.plays(says('Slowly', pause), says('Two, changed'), says('Four'))
  const { conversation, run: first } = await ada.asks('One')
  await provider.paused()
  const waiting = []
  for (const content of ['Two', 'Three', 'Four'])
    waiting.push(await ada.asks(content, { conversation, whenBusy: 'QUEUE' }))
  const [two, three, four] = waiting as [(typeof waiting)[0], (typeof waiting)[0], (typeof waiting)[0]]

  const changed = await edit(ada, two.message.id, 'Two, but better')
  expect(changed).toMatchObject({ run: { id: two.run.id }, message: { replaces: { id: two.message.id } } })
  await expect(edit(ada, two.message.id, 'Two again')).rejects.toMatchObject({ code: 'RUN_ACTIVE' })
  expect(await takesBack(ada, three.run)).toMatchObject({ status: 'STOPPED' })
  expect(await takesBack(ada, three.run), 'once more is no harm').toMatchObject({ status: 'STOPPED' })
  await expect(takesBack(ada, first)).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(takesBack(await app.user('eve'), four.run)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await contents(ada, conversation.id)).not.toContain('Three')

  provider.resume()
  await Array.fromAsync(ada.follows(four.run))
  expect(await contents(ada, conversation.id)).toEqual([
    ...['One', 'Slowly', 'Two, but better', 'Two, changed', 'Four', 'Four'],
  ])
  expect(JSON.stringify(provider.requests.at(-1)?.transcript)).not.toContain('Three')
  await expect(takesBack(ada, four.run)).rejects.toMatchObject({ code: 'CONFLICT' })
  expect((await contents(ada, conversation.id, true)).filter((it) => /Two|Three/.test(it))).toHaveLength(4)
  expect(provider.refusals).toEqual([])
})

async function takesBack(user: User, { id: runId }: { id: string }): Promise<{ status: string }> {
  const { stopRun } = await user.mutate<{ stopRun: { run: { status: string } } }>(
    'mutation ($input: StopRunInput!) { stopRun(input: $input) { run { id status } } }',
    { input: { runId, takeBack: true } },
  )
  return stopRun.run
}
