import { expect, test, vi } from 'vitest'
import { accessToken } from '../../web/app/api.ts'
import { cleanUp } from '../support/cleaning.ts'

const minute = 60_000

test('a token that is used has half its life ahead: the answer that it asks for may take minutes', async () => {
  const since = Date.parse('2026-01-01T00:00:00Z')
  vi.useFakeTimers({ toFake: ['Date'], now: since })
  let asked = 0
  vi.stubGlobal('fetch', async () => {
    const [iat, exp] = [Date.now() / 1_000, Date.now() / 1_000 + 900]
    return Response.json({ token: `${++asked}.${btoa(JSON.stringify({ iat, exp }))}.x` })
  })
  cleanUp(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  const numberAt = async (minutes: number) => {
    vi.setSystemTime(since + minutes * minute)
    return Number((await accessToken()).split('.')[0])
  }
  expect(await Promise.all([numberAt(0), numberAt(0)])).toEqual([1, 1])
  expect(await numberAt(7.4)).toBe(1)
  expect(await numberAt(7.5)).toBe(2)
  expect(await numberAt(14.9)).toBe(2)
})
