import { globSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { Kind, type OperationDefinitionNode, OperationTypeNode, parse, print } from 'graphql'
import { expect, test } from 'vitest'
import { startApp, type TestApp } from './support/app.ts'
import { calls, says, startProvider } from './support/scripted-provider.ts'
import { watchStatements } from './support/statements.ts'
import type { User } from './support/user.ts'

/** How many statements each query to copy costs, however much it finds. */
const held = {
  ApiKeys: 1,
  Export: 1,
  FirstPage: 2,
  Import: 1,
  Imports: 1,
  Nodes: 3,
  Search: 6,
  Tasks: 2,
  WholeConversation: 6,
  WhoAmI: 0,
}

const queries = new Map(
  globSync('schema/operations/*.graphql')
    .sort()
    .flatMap((file) => parse(readFileSync(file, 'utf8')).definitions)
    .filter((it): it is OperationDefinitionNode => it.kind === Kind.OPERATION_DEFINITION)
    .filter((it) => it.operation === OperationTypeNode.QUERY)
    .map((it) => [it.name?.value ?? '', print(it)]),
)

/** Says something this many times, each answered with a tool call. */
async function talked(ada: User, provider: Awaited<ReturnType<typeof startProvider>>, times: number) {
  const ids: string[] = []
  let conversation = ''
  for (let at = 0; at < times; at++) {
    provider.plays(calls({ name: 'add_task', arguments: { title: `walnut ${at}` } }), says('Noted the walnut.'))
    const heard = await ada.hears(`Remind me of walnut ${at}`, conversation ? { conversation } : {})
    conversation = heard.conversation.id
    ids.push(heard.message.id, heard.run.id, heard.conversation.id)
    provider.plays(says('Walnuts.'))
    ids.push((await ada.hears(`Another walnut ${at}`)).conversation.id)
  }
  return { conversation, ids }
}

/** Answers to these statements come after those to others, until the function that is given back is called. */
function delayAnswers({ orm }: TestApp['database'], late: RegExp): () => void {
  const connection = orm.em.getConnection()
  const { execute } = connection
  connection.execute = async function (query, ...more: never[]) {
    const rows = await execute.call(this, query, ...more)
    if (typeof query === 'string' && late.test(query)) await setTimeout(40)
    return rows as never
  }
  return () => Object.assign(connection, { execute })
}

test('queries cost as many statements for much as for little', async () => {
  const provider = await startProvider()
  const app = await startApp({ provider, limits: { sendsPerMinute: 1_000 } })
  const [little, much] = [await app.user('little'), await app.user('much')]
  const { during } = watchStatements(app.database)
  const people = [
    { user: little, ...(await talked(little, provider, 1)) },
    { user: much, ...(await talked(much, provider, 4)) },
  ]
  const counted = []
  for (const { user, conversation, ids } of people) {
    const variables: Record<string, object> = {
      Nodes: { ids },
      WholeConversation: { id: conversation },
      Search: { query: 'walnut' },
      Import: { id: '0190a7a0-0000-7000-8000-000000000000' },
    }
    const counts: Record<string, number> = {}
    for (const [name, document] of queries) {
      counts[name] = (await during(() => user.query(document, { ...variables[name] }))).length
    }
    counted.push(counts)
  }
  expect(counted[1]).toEqual(counted[0])
  expect(counted[0]).toEqual(held)
}, 120_000)

test('lists below lists do, too, and what hangs on their objects', async () => {
  const provider = await startProvider()
  const app = await startApp({ provider, limits: { sendsPerMinute: 1_000 } })
  const { during } = watchStatements(app.database)
  const document = `{
    conversations(first: 10) {
      totalCount
      edges { node {
        title
        activeRun { id }
        newest: messages(last: 2) { totalCount edges { node {
          content conversation { id } run { id messages { id } } toolCalls { id message { id } } replaces { id }
        } } }
        messages(first: 3) { pageInfo { hasNextPage } }
        runs(first: 2) { totalCount edges { node { id conversation { id } } } }
      } }
    }
  }`
  const counts: number[] = []
  for (const times of [1, 4]) {
    const user = await app.user(`of-${times}`)
    await talked(user, provider, times)
    for (const late of [/from "message"/, /from "run"/, /from "run" .*"message_id" in/, /from "conversation"/]) {
      const inTime = delayAnswers(app.database, late)
      counts.push((await during(() => user.query(document))).length)
      inTime()
    }
  }
  expect(new Set(counts), 'the same, whatever is answered last').toEqual(new Set([counts[0]]))
}, 120_000)
