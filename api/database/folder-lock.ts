import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** Who holds a folder. A pid alone says little: in a container every process is number 1. */
type Holder = { pid: number; startedAt: string | null }

/**
 * Takes a folder for this process, by a file in it. A lock left behind by a process that is gone is taken over.
 * Throws when the holder lives, naming it. Gives back the function that lets go.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'lock')
  const own = JSON.stringify({ pid: process.pid, startedAt: await startOf(process.pid) } satisfies Holder)
  while (!(await created(file, own))) {
    const found = await contentOf(file)
    const holder = found === null ? null : await living(found)
    if (holder)
      throw new Error(
        `The data folder ${folder} is in use by process ${holder.pid}. Stop that process, or give this one another folder (PARLEY_DATA_DIR).`,
      )
    if (found !== null) await removeStale(file, found)
  }
  return async () => {
    if ((await contentOf(file)) === own) await rm(file, { force: true })
  }
}

async function created(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Null when there is no file. One that was made this moment is given time to get its content. */
async function contentOf(file: string): Promise<string | null> {
  try {
    const content = await readFile(file, 'utf8')
    const age = content === '' ? Date.now() - (await stat(file)).mtimeMs : Number.POSITIVE_INFINITY
    if (age > 1_000) return content
    await pause(50)
    return contentOf(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/**
 * One process at a time, because what it judged may be gone by then: a lock taken away by its name alone might be the
 * one that a faster process has just made. Returns without having done it while another one is at it.
 */
async function removeStale(file: string, stale: string): Promise<void> {
  const guard = `${file}.takeover`
  if (!(await created(guard, String(process.pid)))) return waitFor(guard)
  try {
    if ((await contentOf(file)) === stale) await rm(file, { force: true })
  } finally {
    await rm(guard, { force: true })
  }
}

/** The guard is held for milliseconds: one that is older belongs to a process that died in that moment. */
async function waitFor(guard: string): Promise<void> {
  const { mtimeMs } = await stat(guard).catch(() => ({ mtimeMs: Date.now() }))
  if (Date.now() - mtimeMs > 10_000) await rm(guard, { force: true })
  else await pause(20)
}

async function living(content: string): Promise<Holder | null> {
  const holder = parsed(content)
  if (!holder || !exists(holder.pid)) return null
  const startedAt = await startOf(holder.pid)
  return startedAt === null || holder.startedAt === null || startedAt === holder.startedAt ? holder : null
}

function parsed(content: string): Holder | null {
  try {
    const { pid, startedAt } = JSON.parse(content)
    if (!Number.isSafeInteger(pid) || pid <= 0) return null
    return { pid, startedAt: typeof startedAt === 'string' ? startedAt : null }
  } catch {
    return null
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** When a process started, in the system's own count (proc(5), field 22); null where there is no /proc. */
async function startOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined)
