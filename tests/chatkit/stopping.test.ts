import { expect, test, vi } from 'vitest'
import { startApp } from '../support/app.ts'
import { cleanUp } from '../support/cleaning.ts'
import { says, startProvider } from '../support/scripted-provider.ts'
import { noAnswer, scriptedTools } from '../support/scripted-tools.ts'
import { mcpFile } from '../support/tool-boxes.ts'
import { startToolServer } from '../support/tool-server.ts'
import { chatkitOf, exchange, textsOf } from './chat.ts'
import { streamFaults, type WireEvent } from './conformance.ts'

test('stopping while tools are at work ends each task in words and the stream as it should, as after a reload', async () => {
  const begun = Promise.withResolvers<void>()
  const told = Promise.withResolvers<unknown>()
  const wait = {
    run: (_: unknown, { signal }: { signal: AbortSignal }) => {
      signal.addEventListener('abort', () => told.resolve(signal.reason))
      begun.resolve()
      return noAnswer
    },
  }
  const { url } = await startToolServer(scriptedTools({ wait }))
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const file = mcpFile({ mcpServers: { web: { url, needsApproval: 'never' } } })
  const app = await startApp({ provider, env: { PARLEY_MCP_CONFIG: file } })
  const ada = await app.user('ada')
  const connected = async () => JSON.stringify(await ada.query('{ toolServers { name status } }'))
  await vi.waitUntil(async () => (await connected()).includes('"web","status":"CONNECTED"'), { timeout: 50_000 })
  const chat = chatkitOf(ada)
  provider.plays(
    says('Let me look.', { call: { name: 'add_task', arguments: { title: 'milk' } } }, { call: { name: 'web__wait' } }),
    says('Fine.'),
  )
  const { events, runId } = await chat.posts('Look')
  const heard: WireEvent[] = []
  // One call is done, the other is at work.
  while (!JSON.stringify(heard).includes('"Added a task"')) heard.push((await events.next()).value as WireEvent)
  await begun.promise
  await ada.stops(runId)
  const { events: whole, thread, done } = exchange([...heard, ...(await Array.fromAsync(events))])
  expect(await told.promise).toBe('The call was cancelled.')
  expect(streamFaults('threads.create', whole)).toEqual([])
  expect(whole.map(({ type }) => type)).not.toContain('error')
  const workflow = done.find(({ type }) => type === 'workflow')
  expect(workflow).toMatchObject({
    workflow: {
      summary: { title: 'Used tools 2 times, 1 without success' },
      tasks: [
        { status_indicator: 'complete', title: 'Added a task' },
        { status_indicator: 'complete', title: 'Using “wait” was stopped' },
      ],
    },
  })
  const { data } = await chat.items(thread, { order: 'asc' })
  expect(data).toEqual(done)
  expect(textsOf(data)).toEqual(['Look', 'Let me look.'])
  expect((await chat.says('And now?', { thread })).text).toBe('Fine.')
  expect(provider.refusals).toEqual([])
})
