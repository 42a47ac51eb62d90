import { describe, expect, test, vi } from 'vitest'
import type { ToolLimits } from '../../api/tools/mcp-toolbox.ts'
import type { Toolbox, ToolProgress } from '../../api/tools/toolbox.ts'
import { noAnswer, type ScriptedTool, scriptedTools, text } from '../support/scripted-tools.ts'
import { toolboxesOver } from '../support/tool-boxes.ts'
import { startToolServer, type ToolServer } from '../support/tool-server.ts'

vi.setConfig({ testTimeout: 30_000 })

const never = new AbortController().signal
const call = (toolbox: Toolbox, calledAs: string, args: object = {}, signal = never) =>
  toolbox.call({ calledAs: `web__${calledAs}`, argumentsText: JSON.stringify(args), approved: true }, signal)

type Options = { limits?: Partial<ToolLimits>; json?: boolean }

async function over(tools: Record<string, ScriptedTool>, { limits = {}, json = false }: Options = {}) {
  const server = await startToolServer(scriptedTools(tools), { json })
  const toolboxes = toolboxesOver({ web: { url: server.url } }, { limits })
  return { server, toolboxes, toolbox: await toolboxes.ready() }
}

const callsIn = (server: ToolServer) => server.requests.filter(({ message }) => message.method === 'tools/call')

/** A tool that tells how far it is every 50 ms, so many times, and then answers; and when it was told to stop. */
function reporting(times: number) {
  const cancelled = Promise.withResolvers<unknown>()
  const run: ScriptedTool['run'] = async (_, { tell, signal }) => {
    signal.addEventListener('abort', () => cancelled.resolve(signal.reason))
    for (let at = 1; at <= times && !signal.aborted; at++) {
      await tell({ progress: at, message: `step ${at}` })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return text('done')
  }
  return { run, cancelled: cancelled.promise }
}

describe.each([
  ['streams', false],
  ['plain JSON', true],
])('over HTTP with %s', (_, json) => {
  test('a call gives its result', async () => {
    const { toolbox } = await over({ say: { run: ({ words }) => text(`${words}!`) } }, { json })
    expect(toolbox.offered()).toMatchObject([{ calledAs: 'web__say', name: 'say', server: 'web' }])
    expect(await call(toolbox, 'say', { words: 'hello' })).toEqual({ ok: true, structured: null, text: 'hello!' })
  })

  test('a huge result is cut, and an endless one is none', async () => {
    const huge = { run: () => text('{"k":"vvvvvvvvvv"},'.repeat(120_000)) }
    const endless = { run: () => text('x'.repeat(17 * 1_048_576)) }
    const { toolbox } = await over({ huge, endless }, { json })
    const result = await call(toolbox, 'huge')
    expect(result).toMatchObject({ ok: true, text: expect.stringContaining('[Cut here') })
    expect(Buffer.byteLength(result.text)).toBeLessThan(1_100_000)
    expect(await call(toolbox, 'endless')).toMatchObject({
      ok: false,
      code: 'TOOL_BAD_RESULT',
      text: expect.stringContaining('more than 16777216 bytes'),
    })
    expect(await call(toolbox, 'huge')).toMatchObject({ ok: true })
  })
})

describe('a call that takes long', () => {
  const limits = { toolSeconds: 0.4, toolTotalSeconds: 1.5 }

  test('goes on as long as it tells how far it is, and that is seen', async () => {
    const { toolbox } = await over({ count: reporting(14) }, { limits })
    const seen: ToolProgress[] = []
    const answer = toolbox.call({ calledAs: 'web__count', argumentsText: '{}', approved: true }, never, (it) =>
      seen.push(it),
    )
    expect(await answer).toMatchObject({ ok: true, text: 'done' })
    expect(seen[0]).toEqual({ progress: 1, message: 'step 1' })
    expect(seen.length).toBeGreaterThan(10)
  })

  test('ends when it says nothing, and the server is told', async () => {
    const silent = Promise.withResolvers<unknown>()
    const run: ScriptedTool['run'] = (_, { signal }) => {
      signal.addEventListener('abort', () => silent.resolve(signal.reason))
      return noAnswer
    }
    const { toolbox } = await over({ wait: { run } }, { limits })
    expect(await call(toolbox, 'wait')).toEqual({
      ...{ ok: false, code: 'TOOL_TIMEOUT' },
      message: 'web__wait did not answer within 0.4 s. It may have taken effect all the same.',
      text: expect.anything(),
    })
    expect(await silent.promise).toBe('The call was cancelled.')
  })

  test('ends when it tells for ever, and the server is told', async () => {
    const tool = reporting(1_000)
    const { toolbox } = await over({ count: { ...tool, annotations: { readOnlyHint: true } } }, { limits })
    expect(await call(toolbox, 'count')).toMatchObject({
      ...{ code: 'TOOL_TIMEOUT', message: 'web__count was still at work after 1.5 s.' },
    })
    expect(await tool.cancelled).toBe('The call was cancelled.')
  })

  test('may tell as often as it likes: nobody drowns in it', async () => {
    const run: ScriptedTool['run'] = async (_, { tell }) => {
      for (let at = 1; at <= 5_000; at++) await tell({ progress: at })
      return text('done')
    }
    const { toolbox } = await over({ count: { run } })
    const seen: ToolProgress[] = []
    await toolbox.call({ calledAs: 'web__count', argumentsText: '{}', approved: true }, never, (it) => seen.push(it))
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.length).toBeLessThan(500)
  })

  test('stops at once when the person does, and what comes later is dropped', async () => {
    const begun = Promise.withResolvers<void>()
    const late = Promise.withResolvers<unknown>()
    const run: ScriptedTool['run'] = async (_, { id, signal, send }) => {
      begun.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await send({ id, result: text('too late') })
      late.resolve(signal.reason)
      return noAnswer
    }
    const { toolbox } = await over({ wait: { run }, say: { run: () => text('hello') } })
    const stop = new AbortController()
    const answer = call(toolbox, 'wait', {}, stop.signal)
    await begun.promise
    const since = performance.now()
    stop.abort(new Error('enough'))
    await expect(answer).rejects.toThrow('enough')
    expect(performance.now() - since).toBeLessThan(500)
    expect(await late.promise).toBe('The call was cancelled.')
    expect(await call(toolbox, 'say')).toMatchObject({ text: 'hello' })
  })
})

describe('a server whose answer does not come whole', () => {
  const tools = { act: { run: () => text('done') }, say: { run: () => text('hello') } }

  test.each([
    ['closes it at once', ''],
    ['closes it behind an event', ': hello\n\n'],
    ['closes it in the middle of one', 'data: {"js'],
  ])('%s: the call fails soon, and the next one works', async (_, written) => {
    const { server, toolbox } = await over(tools)
    server.intercept = ({ message }, response) => {
      if (message.params?.name !== 'act') return false
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(written)
      return true
    }
    const since = performance.now()
    expect(await call(toolbox, 'act')).toMatchObject({
      ...{ ok: false, code: 'TOOL_UNAVAILABLE', text: expect.stringContaining('lost before the answer was whole') },
    })
    expect(performance.now() - since).toBeLessThan(10_000)
    expect(await call(toolbox, 'say')).toMatchObject({ text: 'hello' })
  })

  test('says nothing: the call ends in time, and stopping works meanwhile', async () => {
    const { server, toolbox } = await over(tools, { limits: { toolSeconds: 1 } })
    server.intercept = ({ message }) => message.params?.name === 'act'
    const stop = new AbortController()
    const [first, second] = [call(toolbox, 'act'), call(toolbox, 'act', {}, stop.signal)]
    await server.asked('tools/call')
    stop.abort(new Error('enough'))
    await expect(second).rejects.toThrow('enough')
    expect(await first).toMatchObject({ ok: false, code: 'TOOL_TIMEOUT' })
  })

  test('goes on behind an event id, when the stream can be resumed', async () => {
    const { server, toolbox } = await over(tools)
    let id: unknown
    server.intercept = ({ message, method, headers }, response) => {
      const resumes = method === 'GET' && headers['last-event-id'] === 'e1'
      if (message.params?.name !== 'act' && !resumes) return false
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      if (!resumes) {
        id = message.id
        response.end('id: e1\nretry: 10\ndata: \n\n')
      } else {
        response.end(`id: e2\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result: text('resumed') })}\n\n`)
      }
      return true
    }
    expect(await call(toolbox, 'act')).toMatchObject({ ok: true, text: 'resumed' })
    expect(callsIn(server)).toHaveLength(1)
  })

  test.each([
    ['is no JSON', 200, 'application/json', '{"jsonrpc', 'TOOL_BAD_RESULT'],
    ['is no message', 200, 'application/json', '{"hello":1}', 'TOOL_BAD_RESULT'],
    ['is a page', 200, 'text/html', '<html>', 'TOOL_BAD_RESULT'],
    ['is a bad gateway', 502, 'text/html', '<html>', 'TOOL_UNAVAILABLE'],
    ['is a refusal', 403, 'text/plain', 'no', 'TOOL_UNAVAILABLE'],
  ])('that %s is told as such, once', async (_, status, type, body, code) => {
    const { server, toolbox } = await over(tools)
    server.intercept = ({ message }, response) => {
      if (message.params?.name !== 'act') return false
      response.writeHead(status, { 'content-type': type }).end(body)
      return true
    }
    expect(await call(toolbox, 'act')).toMatchObject({ ok: false, code })
    expect(callsIn(server)).toHaveLength(1)
  })

  test('that leads elsewhere is not followed', async () => {
    const elsewhere = await startToolServer(scriptedTools(tools))
    const { server, toolbox } = await over(tools)
    server.intercept = ({ message }, response) => {
      if (message.params?.name !== 'act') return false
      response.writeHead(307, { location: elsewhere.url }).end()
      return true
    }
    expect(await call(toolbox, 'act')).toMatchObject({
      ...{ code: 'TOOL_UNAVAILABLE', text: expect.stringContaining('sends us elsewhere') },
    })
    expect(elsewhere.requests).toEqual([])
  })
})

describe('a server that forgot our session', () => {
  test.each([404, 400])('with HTTP %i is greeted once more, and every call is made once more', async (status) => {
    let runs = 0
    const { server, toolbox } = await over({ act: { run: () => text(`run ${++runs}`) } })
    const forgotten = new Set(server.requests.map(({ session }) => session).filter(Boolean))
    server.intercept = ({ session }, response) => {
      if (!forgotten.has(session)) return false
      response.writeHead(status).end('Bad Request: No valid session ID provided')
      return true
    }
    const results = await Promise.all([call(toolbox, 'act'), call(toolbox, 'act'), call(toolbox, 'act')])
    expect(results.map((it) => it.ok)).toEqual([true, true, true])
    expect([runs, server.handshakes()]).toEqual([3, 2])
  })

  test('again and again is not asked again and again', async () => {
    const { server, toolbox } = await over({ act: { run: () => text('done') } })
    server.intercept = ({ message }, response) => {
      if (message.method !== 'tools/call') return false
      response.writeHead(404).end()
      return true
    }
    expect(await call(toolbox, 'act')).toMatchObject({ ok: false, code: 'TOOL_UNAVAILABLE' })
    expect(callsIn(server)).toHaveLength(2)
    expect(server.handshakes()).toBeLessThanOrEqual(3)
  })

  test('since it was restarted is greeted again before anybody calls', async () => {
    const { server, toolbox } = await over({ act: { run: () => text('done') } })
    server.restart()
    await expect.poll(() => server.handshakes(), { timeout: 20_000 }).toBe(2)
    expect(await call(toolbox, 'act')).toMatchObject({ ok: true })
    expect(server.handshakes()).toBe(2)
  })

  test('since it was restarted in the middle of a call is back by itself; the call is not made again', async () => {
    let runs = 0
    const act: ScriptedTool = {
      run: () => {
        runs++
        if (runs === 1) server.restart()
        return text('done')
      },
    }
    const { server, toolbox, toolboxes } = await over({ act })
    expect(await call(toolbox, 'act')).toMatchObject({
      ...{ code: 'TOOL_UNAVAILABLE', text: expect.stringContaining('It may have taken effect all the same.') },
    })
    await toolboxes.becomes('web', 'CONNECTED')
    expect(await call(toolbox, 'act')).toMatchObject({ ok: true })
    expect([runs, server.handshakes()]).toEqual([2, 2])
  })
})

describe('a server that fails again and again', () => {
  const limits = { breakerFailures: 3, breakerSeconds: 0.5, toolSeconds: 0.1 }

  test('is left alone for a while; then it has another chance', async () => {
    let works = false
    const { server, toolbox, toolboxes } = await over(
      { act: { run: () => (works ? text('done') : noAnswer) } },
      { limits },
    )
    for (let at = 0; at < 3; at++) expect(await call(toolbox, 'act')).toMatchObject({ code: 'TOOL_TIMEOUT' })
    expect(toolbox.offered()).toEqual([])
    expect(await call(toolbox, 'act')).toMatchObject({
      ...{ code: 'TOOL_UNAVAILABLE', text: expect.stringContaining('The last 3 calls failed') },
    })
    expect(callsIn(server)).toHaveLength(3)
    expect(await toolboxes.health('web')).toMatchObject({
      ...{ status: 'UNAVAILABLE', error: expect.stringContaining('The last 3 calls failed'), tools: [{ name: 'act' }] },
    })
    works = true
    await toolboxes.becomes('web', 'CONNECTED')
    expect(await call(toolbox, 'act')).toMatchObject({ ok: true })
    expect(await call(toolbox, 'act')).toMatchObject({ ok: true })
  })

  test('but answers, though with errors, is not', async () => {
    const run = () => ({ isError: true, ...text('no such thing') })
    const { toolbox } = await over({ act: { run } }, { limits })
    for (let at = 0; at < 5; at++) expect(await call(toolbox, 'act')).toMatchObject({ code: 'TOOL_FAILED' })
    expect(toolbox.offered()).toHaveLength(1)
  })
})

test('calls run side by side', async () => {
  const all = Promise.withResolvers<void>()
  let begun = 0
  const run = async () => {
    if (++begun === 8) all.resolve()
    await all.promise
    return text('done')
  }
  const { toolbox } = await over({ meet: { run } })
  const results = await Promise.all(Array.from({ length: 8 }, () => call(toolbox, 'meet')))
  expect(results.every(({ ok }) => ok)).toBe(true)
})

test('a server can ask us for nothing', async () => {
  const questions = ['sampling/createMessage', 'roots/list', 'elicitation/create']
  const run: ScriptedTool['run'] = async (_, { send }) => {
    for (const method of questions) await send({ id: method, method, params: {} })
    return text('asked')
  }
  const scripted = scriptedTools({ ask: { run } })
  const server = await startToolServer(scripted)
  const toolboxes = toolboxesOver({ web: { url: server.url } })
  const toolbox = await toolboxes.ready()
  // The stream for its questions has to be there first.
  while (!server.requests.some(({ method }) => method === 'GET'))
    await new Promise((resolve) => setTimeout(resolve, 10))
  expect(await call(toolbox, 'ask')).toMatchObject({ text: 'asked' })
  await expect.poll(() => scripted.heard.filter((it) => 'error' in it).length, { timeout: 10_000 }).toBe(3)
  expect(scripted.heard).toEqual(
    expect.arrayContaining(
      questions.map((id) => expect.objectContaining({ id, error: expect.objectContaining({ code: -32_601 }) })),
    ),
  )
  const [first] = server.requests
  expect(first?.message.params).toMatchObject({ capabilities: {} })
})
