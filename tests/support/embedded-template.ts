import { createHash } from 'node:crypto'
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'
import { createDatabase } from '../../api/database/database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A data folder with an empty, migrated database in it: to be copied. */
    embeddedTemplate: string
  }
}

const cache = resolve('node_modules/.cache')

/** Migrates one embedded database and keeps its folder until the code that makes it changes. */
export default async function setup(project: TestProject): Promise<void> {
  const name = `parley-template-${await hashOf('package-lock.json', ...globSync('api/database/**/*.ts').sort())}`
  const template = join(cache, name)
  if (!existsSync(template)) await make(template)
  for (const other of readdirSync(cache))
    if (other.startsWith('parley-template-') && other !== name && isOld(join(cache, other)))
      rmSync(join(cache, other), { recursive: true, force: true })
  project.provide('embeddedTemplate', template)
}

async function make(template: string): Promise<void> {
  mkdirSync(cache, { recursive: true })
  const part = mkdtempSync(`${template}.`)
  const database = await createDatabase({ databaseUrl: undefined, dataDir: part })
  try {
    await database.migrate()
  } finally {
    await database.close()
  }
  keep(part, template)
}

async function hashOf(...files: string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file))
  return hash.digest('hex').slice(0, 16)
}

/** Another run may use it still. */
const isOld = (path: string) => Date.now() - statSync(path).mtimeMs > 86_400_000

/** Whole or not at all; another run may have been first. */
function keep(part: string, template: string): void {
  try {
    renameSync(part, template)
  } catch (error) {
    rmSync(part, { recursive: true, force: true })
    if (!existsSync(template)) throw error
  }
}
