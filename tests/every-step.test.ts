import { expect, test, vi } from 'vitest'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { sharedDatabase } from './support/databases.ts'
import { textsOf } from './support/events.ts'
import { withPower } from './support/power.ts'
import { calls, type ProviderRequest, says, startProvider } from './support/scripted-provider.ts'
import { followsOn } from './support/steady-reader.ts'
import { type Asked, at, type User } from './support/user.ts'

vi.setConfig({ testTimeout: 300_000 })

/** Five calls in four turns, then an answer: what comes next follows from what the model is shown. */
const script =
  (taskId: string) =>
  ({ transcript }: ProviderRequest) => {
    const question = transcript.findLastIndex((entry) => 'user' in entry)
    const answers = transcript.slice(question).filter((entry) => 'output' in entry).length
    if (answers === 0) return says('First. ', { call: { name: 'add_task', arguments: { title: 'one' } } })
    if (answers === 1) return calls({ name: 'list_tasks', arguments: { status: 'all' } })
    if (answers === 2) return calls({ name: 'complete_task', arguments: { task_id: taskId } })
    if (answers === 3)
      return says(
        'Nearly. ',
        { call: { name: 'add_task', arguments: { title: 'two' } } },
        { call: { name: 'list_tasks' } },
      )
    return says('All', ' is', ' done.')
  }

type Kept = {
  messages: { role: string; status: string; content: string; toolCalls: { name: string; status: string }[] }[]
  tasks: string[]
}

async function kept(user: User, conversationId: string): Promise<Kept> {
  const { conversation, tasks } = await user.query<{
    conversation: { messages: { edges: { node: Kept['messages'][number] }[] } }
    tasks: { edges: { node: { title: string } }[] }
  }>(
    `query ($id: ID!) {
      conversation(id: $id) { messages(first: 50) { edges { node { role status content toolCalls { name status } } } } }
      tasks(first: 50) { edges { node { title } } }
    }`,
    { id: conversationId },
  )
  return {
    messages: conversation.messages.edges.map(({ node }) => node),
    tasks: tasks.edges.map(({ node }) => node.title).sort(),
  }
}

/** A call that was cut in its middle and may not be repeated is the one thing that may differ. */
function sameButForUnknown(found: Kept, whole: Kept): Kept {
  const unknown: string[] = []
  const messages = found.messages.map((message, index) => ({
    ...message,
    toolCalls: message.toolCalls.map((call, position) => {
      if (call.name !== 'add_task' || call.status !== 'OUTCOME_UNKNOWN') return call
      unknown.push(index < 3 ? 'one' : 'two')
      return whole.messages[index]?.toolCalls[position] ?? call
    }),
  }))
  expect(unknown.length).toBeLessThanOrEqual(1)
  return { messages, tasks: [...found.tasks, ...unknown.filter((title) => !found.tasks.includes(title))].sort() }
}

test('a run that is cut off at any of its steps ends as if nothing had happened', async () => {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const shared = await sharedDatabase()

  async function start() {
    const { database, power } = withPower(shared)
    await shared.units.asSystem().execute(`update run set lease_until = now() where status = 'RUNNING'`)
    const app = await startApp({ provider, database })
    return { app, power }
  }

  let { app, power } = await start()
  const send = (user: User): Promise<Asked> => user.asks('Do it', { idempotencyKey: 'do it once' })

  /** One whole run by a user of its own, cut off at that commit, or not at all. */
  async function run(cut?: { commit: number; when: 'before' | 'after' }) {
    const ada = await app.user('ada')
    const { createTask } = await ada.mutate<{ createTask: { task: { id: string } } }>(
      'mutation { createTask(input: { title: "there before" }) { task { id } } }',
    )
    provider.always(script(createTask.task.id))
    const before = power.commits
    if (cut) power.cutAt(before + cut.commit, cut.when)
    const sent = await send(ada).catch(() => null)
    let { url } = app
    const reader = sent && followsOn(() => at(url, ada), sent.run)
    await Promise.race([reader?.done, power.gone])
    const commits = power.commits - before
    if (cut) {
      await power.gone
      const dead = app
      ;({ app, power } = await start())
      ;({ url } = app)
      await dead.close()
    }
    const again = at(app.url, ada)
    const { run, conversation } = await send(again)
    if (sent) expect(run.id).toBe(sent.run.id)
    const events = await (reader ?? followsOn(() => again, run)).done
    return { commits, events, kept: await kept(again, conversation.id) }
  }

  const whole = await run()
  expect(whole.kept.messages.map(({ content }) => content)).toEqual([
    'Do it',
    'First. ',
    '',
    '',
    'Nearly. ',
    'All is done.',
  ])
  expect(whole.kept.messages.flatMap(({ toolCalls }) => toolCalls)).toHaveLength(5)
  expect(whole.kept.tasks).toEqual(['one', 'there before', 'two'])
  expect(whole.commits).toBeGreaterThan(20)

  for (let commit = 1; commit <= whole.commits; commit++) {
    const found = await run({ commit, when: 'before' })
    expect(sameButForUnknown(found.kept, whole.kept), `cut off before commit ${commit}`).toEqual(whole.kept)
    expect(found.events.at(-1)).toMatchObject({ __typename: 'RunEnded', run: { status: 'COMPLETED', error: null } })
    expect([...textsOf(found.events).values()].join('')).toBe('First. Nearly. All is done.')
  }
  const unanswered = await run({ commit: 1, when: 'after' })
  expect(unanswered.kept).toEqual(whole.kept)
  expect(provider.refusals).toEqual([])
})
