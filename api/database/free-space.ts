import { statfs } from 'node:fs/promises'

export type FreeSpace = {
  /** Whether there is too little room for anything new. Reading and deleting need not ask. */
  isLow(): boolean
  close(): void
}

const lookMs = 5_000

/** For a database that looks after its own disk. */
export const endlessSpace: FreeSpace = { isLow: () => false, close: () => {} }

/**
 * Keeps the disk of the data folder from running full: the embedded database could not write its own log then, and would
 * have to be started anew. Below `floorBytes` nothing new is taken.
 */
export async function watchFreeSpace(
  folder: string,
  floorBytes: number,
  measure: (folder: string) => Promise<number> = freeBytes,
): Promise<FreeSpace> {
  let full = false
  const look = async () => {
    const free = await measure(folder).catch(() => null)
    if (free === null || free < floorBytes === full) return
    full = free < floorBytes
    console.error(
      `storage: ${full ? 'nothing new is taken' : 'there is room again'}: ${Math.floor(free / 1_048_576)} MiB are free.`,
    )
  }
  await look()
  const timer = setInterval(look, lookMs).unref()
  return {
    isLow: () => full,
    close: () => clearInterval(timer),
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
