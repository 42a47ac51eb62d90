import { expect, test } from 'vitest'
import { noted } from '../../web/app/routes/dashboard/conversation-list.ts'

const conversation = (updatedAt: string, activeRun: { id: string } | null) => ({
  ...{ id: 'conv_1', title: 'T', pinnedAt: null, archivedAt: null },
  ...{ updatedAt, activeRun },
})

test('of what is told of a conversation the younger stays, whichever comes first', () => {
  const ended = conversation('2026-01-01T00:00:02.000Z', null)
  const sent = conversation('2026-01-01T00:00:01.000Z', { id: 'run_1' })
  const pinned = { ...ended, pinnedAt: '2026-01-01T00:00:03.000Z' }
  expect(noted(noted(new Map(), sent), ended).get('conv_1')).toBe(ended)
  expect(noted(noted(new Map(), ended), sent).get('conv_1')).toBe(ended)
  expect(noted(noted(new Map(), ended), pinned).get('conv_1'), 'which says nothing new').toBe(pinned)
  expect(noted(new Map([['conv_1', null]]), ended).get('conv_1'), 'taken back').toBe(ended)
})
