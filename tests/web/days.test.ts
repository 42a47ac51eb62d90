import { expect, test } from 'vitest'
import { startOfDay, zoneOf } from '../../web/app/clock.tsx'
import { filterFor, wantedBy } from '../../web/app/routes/dashboard.history/filter.ts'

test.each([
  ['2026-11-25', 'UTC', '2026-11-25T00:00:00.000Z'],
  ['2026-11-25', 'Europe/Berlin', '2026-11-24T23:00:00.000Z'],
  ['2026-07-01', 'America/New_York', '2026-07-01T04:00:00.000Z'],
  ['2026-11-25', 'Pacific/Kiritimati', '2026-11-24T10:00:00.000Z'],
  ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z'],
  ['2026-03-30', 'Europe/Berlin', '2026-03-29T22:00:00.000Z'],
])('%s begins in %s at %s', (day, zone, moment) => {
  expect(startOfDay(day, zone)).toBe(moment)
})

test('the day up to which one searches is in it', () => {
  const wanted = wantedBy(new URLSearchParams('shown=all&from=2026-11-01&to=2026-11-25'))
  expect(filterFor(wanted, 'UTC')).toEqual({
    archived: null,
    updatedAfter: '2026-11-01T00:00:00.000Z',
    updatedBefore: '2026-11-26T00:00:00.000Z',
  })
})

test('an address that makes no sense asks for what there is', () => {
  const wanted = wantedBy(new URLSearchParams('shown=everything&from=2026-99-99&to=tomorrow'))
  expect(wanted).toEqual({ query: '', shown: 'current', from: '', to: '' })
})

test.each(['parley-zone=%', 'parley-zone=Mars', 'other=1', ''])('the zone in %j is UTC', (cookies) => {
  expect(zoneOf(cookies)).toBe('UTC')
})
