import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The secret of a development server: made once, then kept in the data folder, so that people stay signed in. */
export async function keptSecret(dataDir: string): Promise<string> {
  const made = randomBytes(32).toString('base64url')
  if (dataDir === 'memory://') return made
  const file = join(dataDir, 'secret')
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await writeFile(file, made, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const kept = (await readFile(file, 'utf8')).trim()
  if (kept.length < 32) throw new Error(`The file ${file} does not hold a secret. Delete it: a new one is made.`)
  return kept
}
