import { mkdirSync, rmSync, statSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { buildWeb } from '../../web/build.ts'

const lock = 'node_modules/.cache/parley-building'

/** Builds the pages if they are not built. Servers do so themselves, but several at once would step on each other. */
export async function buildPages(): Promise<void> {
  while (!taken()) await wait(200)
  try {
    await buildWeb(() => undefined)
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

function taken(): boolean {
  try {
    mkdirSync('node_modules/.cache', { recursive: true })
    mkdirSync(lock)
    return true
  } catch {
    if (age(lock) > 120_000) rmSync(lock, { recursive: true, force: true }) // whoever had it died
    return false
  }
}

const age = (path: string) => Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
