import { afterEach, expect, test, vi } from 'vitest'
import { StreamPlaces } from '../api/auth/stream-places.ts'
import { Conversation } from '../api/conversations/conversation.entity.ts'
import { Message } from '../api/conversations/message.entity.ts'
import { standardLimits } from '../api/limits.ts'
import { createTransferEndpoint } from '../api/transfer/endpoint.ts'
import { cleanUp } from './support/cleaning.ts'
import { sharedDatabase } from './support/databases.ts'
import { storedUser } from './support/stored-user.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** The door for somebody who has said so much that a download waits for whoever reads it. */
async function door() {
  const database = await sharedDatabase()
  const viewer = await storedUser(database, 'ada')
  const em = database.units.as(viewer)
  const { id: userId } = viewer
  const { id: conversationId } = em.create(Conversation, { userId, title: 'Long', lastSequence: 60 })
  for (let sequence = 1; sequence <= 60; sequence++)
    em.create(Message, {
      userId,
      conversationId,
      sequence,
      role: 'USER',
      status: 'COMPLETE',
      content: 'x'.repeat(60_000),
    })
  await em.flush()
  const limits = { ...standardLimits, subscriptionsPerUser: 2 }
  const right = { ended: false }
  const endpoint = createTransferEndpoint({
    ...{ units: database.units, imports: null as never, limits, places: new StreamPlaces(limits) },
    authenticate: async () => viewer,
    stillSignedIn: async () => !right.ended,
  })
  cleanUp(() => endpoint.close())
  const begins = (query = '') => endpoint.handle(new Request(`http://parley.test/export${query}`))
  return { begins, right }
}

test('one person has so many downloads at once; one that is given up makes room', async () => {
  const { begins } = await door()
  const [first, second] = [await begins(), await begins('?format=markdown')]
  expect([first.status, second.status]).toEqual([200, 200])
  const third = await begins()
  expect([third.status, third.headers.get('retry-after')]).toEqual([429, '1'])
  expect(await third.json()).toMatchObject({ error: { code: 'RATE_LIMITED', limitName: 'subscriptionsPerUser' } })
  // What is refused for another reason takes none.
  for (let n = 0; n < 3; n++) expect((await begins('?format=pdf')).status).toBe(400)
  await first.body?.cancel()
  await vi.waitFor(async () => expect((await begins()).status).toBe(200))
})

test('a download ends within a minute when the right to read has ended', async () => {
  const { begins, right } = await door()
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const reader = (await begins()).body?.getReader()
  await reader?.read()
  await vi.advanceTimersByTimeAsync(60_000)
  expect((await reader?.read())?.value?.length, 'whoever may still read reads on').toBeGreaterThan(0)
  right.ended = true
  await vi.advanceTimersByTimeAsync(60_000)
  const rest = async () => {
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read());
  }
  await expect(rest()).rejects.toMatchObject({ code: 'SESSION_EXPIRED' })
})
