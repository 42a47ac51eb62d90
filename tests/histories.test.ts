import { describe, expect, test, vi } from 'vitest'
import { internalId } from '../api/ids.ts'
import type { HistoryEntry } from '../api/runs/model.ts'
import { historyBudget, tokensOf } from '../api/runs/tokens.ts'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { sharedDatabase } from './support/databases.ts'
import { type Api, calls, says, startProvider } from './support/scripted-provider.ts'
import { at } from './support/user.ts'

vi.setConfig({ testTimeout: 120_000 })

const list = { name: 'list_tasks', arguments: {} }

/** What is in the tables is what an old crash, or an old version, may have left there. */
async function start(api: Api) {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const database = await sharedDatabase()
  const begin = () => startApp({ provider, api, limits: { historyMessages: 10 } })
  const app = await begin()
  const ada = await app.user('ada')
  const em = () => database.units.asSystem()
  const idOf = (it: { id: string }) => internalId('run', it.id) ?? ''
  const lastShown = () => provider.requests.at(-1)?.transcript ?? []
  return { provider, app, begin, ada, em, idOf, lastShown }
}

describe.each<Api>(['responses', 'chat'])('over %s, a history', (api) => {
  test('with a call that an old crash left without an answer gets one that says so', async () => {
    const { provider, ada, em, idOf, lastShown } = await start(api)
    provider.plays(calls({ ...list, id: 'c1' }), says('Nothing.'), says('Fine.'), says('Still fine.'))
    const { run, conversation } = await ada.hears('What is there?')
    const left = [idOf(run)]
    await em().execute(
      `update tool_call set status = 'RUNNING', result = null, result_text = null, finished_at = null where run_id = ?`,
      left,
    )
    await em().execute(`delete from message where run_id = ? and content <> ''`, left)
    await em().execute(`update run set status = 'INTERRUPTED' where id = ?`, left)
    const next = await ada.hears('Next', { conversation })
    expect(next.text).toBe('Fine.')
    expect(lastShown()).toEqual([
      { user: 'What is there?' },
      { call: 'list_tasks', id: 'c1', arguments: '{}' },
      { output: 'This call was cut off before it gave a result.', id: 'c1' },
      { user: 'Next' },
    ])
    const [row] = await em().execute<{ repairs: unknown }[]>('select repairs from run where id = ?', [idOf(next.run)])
    expect(row?.repairs).toEqual(['gave a call without a result an answer that says so'])
    expect((await ada.hears('And?', { conversation })).text).toBe('Still fine.')
    expect(provider.refusals).toEqual([])
  })

  test('with an answer whose call is not shown goes without it', async () => {
    const { provider, ada, em, idOf, lastShown } = await start(api)
    provider.plays(calls({ ...list, id: 'c0' }), says('Nothing.'), says('Fine.'))
    const { run, conversation } = await ada.hears('What is there?')
    await em().execute(`update message set superseded_at = now() where run_id = ? and content = ''`, [idOf(run)])
    expect((await ada.hears('Next', { conversation })).text).toBe('Fine.')
    expect(lastShown()).toEqual([{ user: 'What is there?' }, { assistant: 'Nothing.' }, { user: 'Next' }])
    expect(provider.refusals).toEqual([])
  })

  test('of empty turns, doubled ids and results that are too long is mended', async () => {
    const { provider, ada, em, idOf, lastShown } = await start(api)
    provider.plays(calls({ ...list, id: 'c' }), calls({ ...list, id: 'c' }), says('Nothing.'), says('Fine.'))
    const { run, conversation } = await ada.hears('What is there?')
    await em().execute(`update tool_call set provider_id = 'c', result_text = repeat('x', 200000) where run_id = ?`, [
      idOf(run),
    ])
    await em().execute(`update message set content = '' where run_id = ? and content = 'Nothing.'`, [idOf(run)])
    const next = await ada.hears('Next', { conversation })
    expect(next.text).toBe('Fine.')
    const shown = lastShown()
    expect(shown.map((it) => Object.keys(it)[0])).toEqual(['user', 'call', 'output', 'call', 'output', 'user'])
    expect(JSON.stringify(shown).length).toBeLessThan(150_000)
    const [row] = await em().execute<{ repairs: string[] }[]>('select repairs from run where id = ?', [idOf(next.run)])
    expect(row?.repairs.toSorted()).toEqual([
      'gave a doubled call id a number',
      'left out an empty message',
      'shortened a long result',
    ])
    expect(provider.refusals).toEqual([])
  })

  test('is cut at the border of a turn wherever the window ends', async () => {
    const { provider, ada } = await start(api)
    provider.always(says('Fine.'))
    const { conversation } = await ada.hears('0')
    for (let n = 1; n <= 8; n++) {
      // One turn, or two, with a call or with three: the end of the window falls at every place.
      const three = calls(list, list, list)
      provider.plays(...(n % 3 === 0 ? [three, calls(list)] : n % 3 === 1 ? [calls(list)] : [three]))
      expect((await ada.hears(`${n}`, { conversation })).text).toBe('Fine.')
    }
    expect(provider.refusals, 'each answer stood with its call').toEqual([])
    expect(Math.max(...provider.requests.map(({ transcript }) => transcript.length))).toBeLessThan(40)
  })

  test('keeps what the model thought beside its calls, over a restart', async () => {
    const { provider, ada, app, begin, lastShown } = await start(api)
    const thinks = (about: string) => says({ thinks: about }, { call: list })
    provider.plays(thinks('first'), thinks('second'), says('Nothing.'))
    const { conversation } = await ada.hears('What is there?')
    await app.close()
    const again = at((await begin()).url, ada)
    provider.plays(thinks('third'), says('Still nothing.'))
    expect((await again.hears('And now?', { conversation })).text).toBe('Still nothing.')
    expect(provider.refusals).toEqual([])
    const thoughts = lastShown().filter((it) => 'thinking' in it)
    expect(thoughts).toHaveLength(api === 'responses' ? 3 : 0)
  })
})

test('so many tokens of a history are shown, in whole messages: with one more the oldest is left out', async () => {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  provider.always(says('Fine.'))
  const shown = (first: string) => [
    { user: first },
    { assistant: 'Fine.' },
    { user: 'Two' },
    { assistant: 'Fine.' },
    { user: 'Now' },
  ]
  const entries = (first: string) =>
    shown(first).map(
      ({ user, assistant = '' }): HistoryEntry =>
        user === undefined ? { role: 'assistant', text: assistant, calls: [] } : { role: 'user', text: user },
    )
  const tokens = (first: string) => entries(first).reduce((sum, entry) => sum + tokensOf(entry), 0)
  const historyTokens = tokens('One')
  expect(tokens('One more')).toBe(historyTokens + 1)
  const app = await startApp({ provider, limits: { historyTokens } })
  const ada = await app.user('ada')
  for (const first of ['One', 'One more']) {
    const { conversation } = await ada.hears(first)
    await ada.hears('Two', { conversation })
    await ada.hears('Now', { conversation })
    const whole = shown(first)
    expect(provider.requests.at(-1)?.transcript).toEqual(first === 'One' ? whole : whole.slice(1))
  }
  expect(provider.refusals).toEqual([])
})

test('instructions and tools have their share; where they alone are too much no model is asked, and the operator is told', async () => {
  const provider = await startProvider()
  cleanUp(() => provider.close())
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  cleanUp(() => log.mockRestore())
  const ada = await (await startApp({ provider, limits: { requestTokens: 100 } })).user('ada')
  const { events } = await ada.hears('short')
  const error = { code: 'MODEL_MISCONFIGURED', retryable: false }
  expect(events.at(-1)).toMatchObject({ run: { status: 'FAILED', error } })
  expect(provider.requests).toEqual([])
  expect(log.mock.calls.join()).toContain('requestTokens is 100')

  const left = (requestTokens: number, text = 'Be kind.') =>
    historyBudget({ historyTokens: 1_000_000, requestTokens }, text, [])
  const before = 1_000 - left(1_000)
  expect(left(before + 1)).toBe(1)
  expect(() => left(before)).toThrow(expect.objectContaining({ code: 'MODEL_MISCONFIGURED' }))
  expect(left(1_000, 'Be kind. Be brief.')).toBeLessThan(left(1_000))
  expect(historyBudget({ historyTokens: 10, requestTokens: 1_000 }, '', [])).toBe(10)
})
