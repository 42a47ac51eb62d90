import { randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The secret of a development server: made once, then kept in the data folder, so that people stay signed in. */
export async function keptSecret(dataDir: string): Promise<string> {
  if (dataDir === 'memory://') return newSecret()
  const file = join(dataDir, 'secret')
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await createWhole(file, newSecret())
  const kept = (await readFile(file, 'utf8')).trim()
  if (kept.length < 32) throw new Error(`The file ${file} does not hold a secret. Delete it: a new one is made.`)
  return kept
}

const newSecret = () => randomBytes(32).toString('base64url')

/** Leaves a file that is there as it is; another process never sees half of a new one. */
async function createWhole(file: string, content: string): Promise<void> {
  const part = `${file}.${randomUUID()}`
  await writeFile(part, content, { mode: 0o600 })
  try {
    await link(part, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(part, { force: true })
  }
}
