import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { keptSecret } from '../api/auth/secret.ts'
import { createDatabase } from '../api/database/database.ts'
import { engineVersion, inMemory, openEmbedded } from '../api/database/embedded.ts'
import { lockFolder } from '../api/database/folder-lock.ts'

vi.setConfig({ testTimeout: 60_000 })

let folder: string
let lock: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-folder-'))
  lock = join(folder, 'lock')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Another process that takes the folder and keeps it. */
async function holder() {
  const program = `import(${JSON.stringify(resolve('api/database/folder-lock.ts'))})
    .then(({ lockFolder }) => lockFolder(${JSON.stringify(folder)}))
    .then(() => { console.log('held'); setInterval(() => {}, 60_000) })`
  const child = spawn('node', ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const gone = once(child, 'exit')
  return {
    pid: child.pid,
    async dies() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

const startOfThis = () => readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[19]

describe('the lock of the data folder', () => {
  test('belongs to one process, which the next one is told, until it dies', async () => {
    const other = await holder()
    try {
      await expect(lockFolder(folder)).rejects.toThrow(`is in use by process ${other.pid}.`)
    } finally {
      await other.dies()
    }
    const unlock = await lockFolder(folder)
    expect(JSON.parse(readFileSync(lock, 'utf8')).pid).toBe(process.pid)
    await unlock()
  })

  test('is not given twice to the same process either', async () => {
    const unlock = await lockFolder(folder)
    await expect(lockFolder(folder)).rejects.toThrow(`process ${process.pid}.`)
    await unlock()
    await (await lockFolder(folder))()
  })

  test.each([
    ['a dead process', '{"pid":2147483000,"startedAt":"1"}'],
    ['a process whose number went to another one', JSON.stringify({ pid: process.pid, startedAt: '1' })],
    ['a negative number', '{"pid":-1,"startedAt":null}'],
    ['number 0', '{"pid":0,"startedAt":null}'],
    ['a fraction', '{"pid":1.5,"startedAt":null}'],
    ['no number', '{"pid":"1","startedAt":null}'],
    ['null', 'null'],
    ['nonsense', 'nonsense'],
  ])('left behind by %s, is taken over', async (_, content) => {
    writeFileSync(lock, content)
    const unlock = await lockFolder(folder)
    expect(JSON.parse(readFileSync(lock, 'utf8'))).toEqual({ pid: process.pid, startedAt: startOfThis() })
    await unlock()
  })

  test('left behind empty, is taken over once it is old', async () => {
    writeFileSync(lock, '')
    utimesSync(lock, new Date(0), new Date(0))
    await (await lockFolder(folder))()
  })

  test('of a process whose start is not known, is believed', async () => {
    writeFileSync(lock, JSON.stringify({ pid: process.pid, startedAt: null }))
    await expect(lockFolder(folder)).rejects.toThrow('in use')
  })

  test('left behind, is taken over by one of many', async () => {
    writeFileSync(lock, 'nonsense')
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('is not taken away by a process that had it long ago', async () => {
    const unlock = await lockFolder(folder)
    writeFileSync(lock, JSON.stringify({ pid: 1, startedAt: 'other' }))
    await unlock()
    expect(readFileSync(lock, 'utf8')).toContain('other')
  })

  test('is held by an open database, and let go of when it closes', async () => {
    const config = { databaseUrl: undefined, dataDir: join(folder, 'made', 'when missing') }
    const database = await createDatabase(config)
    await expect(createDatabase(config)).rejects.toThrow('in use')
    await database.close()
    const again = await createDatabase(config)
    await again.close()
  })
})

describe('a folder of another version of the engine', () => {
  test('is refused with both versions and the way out, and left as it is', async () => {
    mkdirSync(join(folder, 'database'))
    writeFileSync(join(folder, 'database', 'PG_VERSION'), '16\n')
    const refused = await openEmbedded(folder).catch((error: Error) => error.message)
    for (const words of ['PostgreSQL 16', `has ${engineVersion}`, 'npm run export', 'docs/guides/moving.md'])
      expect(refused).toContain(words)
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(['database', join('database', 'PG_VERSION')])
    expect(readFileSync(join(folder, 'database', 'PG_VERSION'), 'utf8')).toBe('16\n')
  })

  test('is told by the version that the engine says it has', async () => {
    const { pglite, close } = await openEmbedded(inMemory)
    const { rows } = await pglite.query<{ number: string }>(`select current_setting('server_version_num') as number`)
    await close()
    expect(Math.floor(Number(rows[0]?.number) / 10_000)).toBe(Number(engineVersion))
  })
})

describe('the secret of a development server', () => {
  test('is made once and readable by its user alone', async () => {
    const secrets = await Promise.all([keptSecret(folder), keptSecret(folder)])
    expect(secrets[0]?.length).toBeGreaterThanOrEqual(32)
    expect(new Set([...secrets, await keptSecret(folder)]).size).toBe(1)
    expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(0o600)
  })

  test('is asked for again when the file was emptied', async () => {
    writeFileSync(join(folder, 'secret'), 'short')
    await expect(keptSecret(folder)).rejects.toThrow('does not hold a secret')
  })
})
