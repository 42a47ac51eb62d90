import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createThreadKeeper } from '../../web/app/routes/dashboard.chat/thread-keeper.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a thread that is read again and comes late does not take the person back', async () => {
  const chat = startChat('A')
  chat.keeper.refresh()
  const late = chat.next('fetchUpdates')
  chat.keeper.go(null)
  // ChatKit has read the old thread, and shows it.
  await late.answers('A')
  await chat.next('setThreadId', null).answers(null)
  expect(chat.shown).toBe(null)
  // Once more, and now the late one comes after the command has been answered.
  await chat.says('A')
  await chat.next('setThreadId', null).answers(null)
  expect(chat.shown).toBe(null)
  expect(chat.created).toEqual([])
})

test('of two threads that are asked for at once the later is shown, whichever is there first', async () => {
  const chat = startChat(null)
  chat.keeper.go('A')
  chat.keeper.go('B')
  await chat.next('setThreadId', 'A').answers('A')
  await chat.next('setThreadId', 'B').answers('B')
  expect(chat.shown).toBe('B')
  expect(chat.commands).toEqual([])
  await chat.says('A')
  await chat.next('setThreadId', 'B').answers('B')
  expect(chat.created).toEqual([])
})

test('a conversation that is begun in ChatKit is told, once; if the person has gone on it is not', async () => {
  const chat = startChat(null)
  await chat.says('new')
  await chat.says('new')
  expect(chat.created).toEqual(['new'])
  expect(chat.commands).toEqual([])
  chat.keeper.go('A')
  await chat.next('setThreadId', 'A').answers('A')

  const other = startChat(null)
  other.keeper.go('A')
  const command = other.next('setThreadId', 'A')
  await other.says('new')
  await command.answers('A')
  expect(other.created).toEqual([])
  expect(other.shown).toBe('A')
})

test('a command that is never answered holds up the next for five seconds, not for ever', async () => {
  const chat = startChat('A')
  chat.keeper.refresh()
  chat.next('fetchUpdates')
  chat.keeper.go('B')
  expect(chat.commands).toEqual([])
  await vi.advanceTimersByTimeAsync(5000)
  chat.next('setThreadId', 'B')
  await vi.advanceTimersByTimeAsync(5000)
  chat.keeper.go(null)
  await chat.next('setThreadId', null).answers(null)
  expect(chat.commands).toEqual([])
})

test('what ChatKit refuses is asked again when it has ended what it was doing, three times in all', async () => {
  const chat = startChat('A')
  chat.keeper.go('B')
  for (const _ of [1, 2, 3]) {
    await chat.next('setThreadId', 'B').refuses()
    expect(chat.commands).toEqual([])
    chat.keeper.calm()
  }
  expect(chat.commands).toEqual([])
  chat.keeper.go('A')
  expect(chat.commands).toEqual([])
  chat.keeper.refresh()
  for (const _ of [1, 2, 3]) {
    await chat.next('fetchUpdates').refuses()
    chat.keeper.calm()
  }
  expect(chat.commands).toEqual([])
})

test('while an answer is told nothing is read again: what was being read is broken off, and read when it has ended', async () => {
  const chat = startChat('A')
  chat.keeper.refresh()
  const cut = chat.next('fetchUpdates')
  chat.reading = true
  chat.keeper.responds(true)
  expect(chat.stopped).toBe(true)
  await cut.refuses()
  chat.keeper.refresh()
  chat.keeper.calm()
  expect(chat.commands).toEqual([])
  chat.keeper.responds(false)
  expect(chat.stopped).toBe(false)
  chat.reading = false
  await chat.next('fetchUpdates').answers('A')
  expect(chat.commands).toEqual([])

  // It did not answer in time, and so is on its way still: broken off as well, and made up for.
  chat.keeper.refresh()
  chat.next('fetchUpdates')
  await vi.advanceTimersByTimeAsync(5000)
  chat.reading = true
  chat.keeper.responds(true)
  expect(chat.commands).toEqual([])
  chat.keeper.responds(false)
  await chat.next('fetchUpdates').answers('A')

  // The person may go elsewhere at any time, and that is read.
  chat.reading = false
  chat.keeper.responds(true)
  chat.keeper.go('B')
  expect(chat.stopped).toBe(false)
  await chat.next('setThreadId', 'B').answers('B')
})

test('nothing is asked before ChatKit is ready, nor after it has gone', async () => {
  const chat = startChat('A', { ready: false })
  chat.keeper.go('B')
  chat.keeper.refresh()
  expect(chat.commands).toEqual([])
  chat.keeper.ready()
  const command = chat.next('setThreadId', 'B')
  chat.keeper.close()
  await command.answers('B')
  chat.keeper.go('A')
  expect(chat.commands).toEqual([])
})

type Command = { name: string; id: string | null | undefined; resolve: () => void; reject: (error: Error) => void }

/** A ChatKit whose every answer the test gives. */
function startChat(first: string | null, { ready = true } = {}) {
  const commands: Command[] = []
  const created: string[] = []
  const take = (name: string, id?: string | null) =>
    new Promise<void>((resolve, reject) => {
      commands.push({ name, id, resolve, reject })
    })
  const keeper = createThreadKeeper(first, {
    setThreadId: (id) => take('setThreadId', id),
    fetchUpdates: () => take('fetchUpdates'),
    leaving: () => {},
    stopReading: () => {
      chat.stopped = true
    },
    allowReading: () => {
      const cut = chat.stopped && chat.reading
      chat.stopped = false
      return cut
    },
    created: (id) => void created.push(id),
  })
  if (ready) keeper.ready()
  const settled = () => vi.advanceTimersByTimeAsync(0)
  const chat = {
    keeper,
    commands,
    created,
    shown: first,
    /** Whether it wants to read of a thread right now, and whether it is kept from it. */
    reading: false,
    stopped: false,
    async says(id: string | null) {
      chat.shown = id
      keeper.changed(id)
      await settled()
    },
    next(name: string, id?: string | null) {
      const command = commands.shift()
      expect(command).toMatchObject({ name, id })
      return {
        async answers(shows: string | null) {
          if (chat.shown !== shows) await chat.says(shows)
          command?.resolve()
          await settled()
        },
        async refuses() {
          command?.reject(new Error('ChatKit is busy'))
          await settled()
        },
      }
    },
  }
  return chat
}
