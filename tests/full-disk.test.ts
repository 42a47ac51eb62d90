import { expect, test, vi } from 'vitest'
import { createDatabase } from '../api/database/database.ts'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { engine, freshDatabase } from './support/databases.ts'
import { startServer } from './support/server-process.ts'
import { signUp } from './support/user.ts'

vi.setConfig({ testTimeout: 120_000 })

// PostgreSQL looks after its own disk: ours says nothing of it.
const ours = engine() === 'pglite'

test('at the floor of free space everything is taken; below it nothing new is, and what is there can be read', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  cleanUp(() => log.mockRestore())
  let free = 1_000
  const app = await startApp({ limits: { freeDiskBytes: 1_000 }, freeBytes: async () => free })
  const ada = await app.user('ada')
  const { conversation, message } = await ada.hears('Hello')
  const send = (content: string, idempotencyKey?: string) =>
    ada.asks(content, { idempotencyKey }).then(
      ({ run }) => run.status,
      ({ code }) => code,
    )
  const post = async (path: string, body: BodyInit) => (await ada.request(path, { method: 'POST', body })).status
  await ada.hears('Kept', { idempotencyKey: 'kept-before' })
  free = 999
  if (!ours) return expect(await send('More')).toBe('RUNNING')
  await expect.poll(() => send('More'), { timeout: 20_000 }).toBe('STORAGE_FULL')
  expect(await send('Kept', 'kept-before')).toBe('COMPLETED')
  await expect(
    ada.mutate('mutation ($input: RetryMessageInput!) { retryMessage(input: $input) { run { id } } }', {
      input: { messageId: message.id },
    }),
  ).rejects.toMatchObject({ code: 'STORAGE_FULL' })
  for (const field of [
    'createTask(input: { title: "x" }) { task { id } }',
    'createConversation(input: {}) { conversation { id } }',
  ])
    await expect(ada.mutate(`mutation { ${field} }`)).rejects.toMatchObject({ code: 'STORAGE_FULL' })
  const draft = { name: 'x.txt', size: 1, mime_type: 'text/plain' }
  expect((await ada.chatkit({ type: 'attachments.create', params: draft })).status).toBe(507)
  await expect(app.user('eve')).rejects.toThrow('507')
  const form = new FormData()
  form.append('file', new Blob(['x'], { type: 'text/plain' }), 'x.txt')
  expect([await post('/attachments', form), await post('/import', '{}')]).toEqual([507, 507])
  const read = await ada.query(
    'query ($id: ID!) { conversation(id: $id) { messages { edges { node { content } } } } }',
    { id: conversation.id },
  )
  expect(JSON.stringify(read)).toContain('Hello')
  await ada.mutate(
    'mutation ($input: DeleteConversationInput!) { deleteConversation(input: $input) { deletedMessages } }',
    { input: { conversationId: conversation.id } },
  )
  free = 1_000
  await expect.poll(() => send('More'), { timeout: 20_000 }).toBe('RUNNING')
  expect(log.mock.calls.join()).toContain('nothing new is taken')
})

test('a disk that is full all the same is told as that; the embedded database then ends, to be started anew', async () => {
  const { databaseUrl, dataDir } = await freshDatabase()
  const database = await createDatabase({ databaseUrl, dataDir })
  // As the database says it when it cannot write.
  for (const sql of [
    `create function no_room() returns trigger language plpgsql as
     $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$`,
    `create trigger no_room before insert on message for each row when (new.content = 'Too much') execute function no_room()`,
  ])
    await database.orm.em.fork().execute(sql)
  await database.close()
  const server = await startServer({ DATABASE_URL: databaseUrl, PARLEY_DATA_DIR: dataDir })
  const ada = await signUp(server.url, 'ada')
  const { conversation } = await ada.hears('Hello')
  await expect(ada.asks('Too much', { conversation })).rejects.toMatchObject({ code: 'STORAGE_FULL' })
  if (ours) {
    expect(await server.ended()).toBe(75)
    await server.start()
  }
  expect((await ada.hears('And now?', { conversation })).events.at(-1)).toMatchObject({ run: { status: 'COMPLETED' } })
})
