import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { Conversation } from '../api/conversations/conversation.entity.ts'
import { Message } from '../api/conversations/message.entity.ts'
import { searchMessages } from '../api/conversations/search-messages.ts'
import { createDatabase } from '../api/database/database.ts'
import { standardLimits } from '../api/limits.ts'
import { cleanUp } from './support/cleaning.ts'
import { freshDatabase } from './support/databases.ts'

const run = promisify(execFile)

test('the database is filled, searched, and written to a file', async () => {
  const config = await freshDatabase()
  const { databaseUrl: DATABASE_URL, dataDir: PARLEY_DATA_DIR } = config
  const env = { ...process.env, PARLEY_DATA_DIR, DATABASE_URL }
  const program = (file: string, ...args: string[]) => run(process.execPath, [file, ...args], { env, timeout: 120_000 })

  expect((await program('api/seed.ts', '--conversations', '300', '--messages', '20000')).stdout).toMatch(
    /300 conversations and 20000 messages in \d+ s/,
  )
  const out = join(PARLEY_DATA_DIR, 'out.jsonl')
  await program('api/export.ts', '--user', 'seed@example.test', '--out', out)
  const lines = readFileSync(out, 'utf8').trimEnd().split('\n')
  expect(lines.length).toBe(1 + 300 * 2 + 20_000)
  await expect(program('api/export.ts', '--user', 'nobody@example.test', '--out', out)).rejects.toThrow(
    /nobody with the address/,
  )

  const database = await createDatabase(config)
  cleanUp(() => database.close())
  const em = database.units.asSystem()
  expect(await em.count(Conversation, {})).toBe(300)
  expect(await em.count(Message, {})).toBe(20_000)
  const [seeded] = await em.find(Conversation, {}, { limit: 1 })
  const viewer = { id: seeded?.userId ?? '', scopes: [] }
  for (const query of ['zebrafinch nightingale', 'zebrafinhc nightingale', 'nigthingale'])
    expect(
      (await searchMessages(database.units.as(viewer), viewer, { query }, standardLimits)).found.length,
      query,
    ).toBe(2)
}, 180_000)
