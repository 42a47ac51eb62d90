import { AppError, storageFull, storageUnavailable } from './errors.ts'

/** Whether an error says that the database cannot be reached at the moment, so that the same again may well succeed. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : undefined
  if (typeof code === 'string') return awayCodes.test(code)
  return /connection (?:terminated|ended|error|was lost)|not queryable|timeout exceeded/i.test(error.message)
}

/**
 * Lost connections and a server that stops or starts, as PostgreSQL and the system name them. 25006: one that may only be
 * read; after a failover a connection may still reach the server that was the first until then.
 */
const awayCodes =
  /^(?:08...|57P0[1-3]|53300|25006|ECONN\w+|EPIPE|ENOENT|ETIMEDOUT|EHOST\w+|ENET\w+|ENOTFOUND|EAI_AGAIN)$/

/** As the pool of the driver says that all its connections are in use. */
const noneFree = 'timeout exceeded when trying to connect'

const isBusy = (error: unknown) => error instanceof Error && error.message === noneFree

/** The disk is full, as PostgreSQL names it. */
const isFull = (error: unknown) => error instanceof Error && 'code' in error && error.code === '53100'

const metFull = Promise.withResolvers<void>()

/** Resolves when the database has met a full disk for the first time: the embedded one then has to be started anew. */
export const diskWasFull: Promise<void> = metFull.promise

/** What a caller is told of an error that comes from the database's state, not from what was asked; logged. Else null. */
export function storageProblem(error: unknown): AppError | null {
  if (isBusy(error))
    return new AppError('OVERLOADED', 'The server is busy. Try again in a moment.', { retryAfterMs: 1_000 })
  if (noteAway(error)) return storageUnavailable()
  if (!isFull(error)) return null
  console.error('database: its disk is full.')
  metFull.resolve()
  return storageFull()
}

const sayAgainMs = 60_000

/** There is one database, and one log: what many requests and jobs meet at once is said once. */
const outage = { since: 0, saidAt: Number.NEGATIVE_INFINITY, metAt: Number.NEGATIVE_INFINITY }

/**
 * Logs that the database is away: when it begins, and once a minute while somebody still meets it. False when the error
 * says something else, which is then the caller's to log.
 */
export function noteAway(error: unknown): boolean {
  if (!isAway(error)) return false
  const now = performance.now()
  if (now - outage.metAt > sayAgainMs) outage.since = now
  outage.metAt = now
  if (now - outage.saidAt < sayAgainMs) return true
  outage.saidAt = now
  const words = error instanceof Error ? error.message.slice(0, 500) : ''
  const what = isBusy(error) ? 'none of its connections is free' : `it cannot be reached (${words})`
  console.error(`database: ${what}. What can wait waits for it.`)
  return true
}

/** Logs that the database is there again, if it was said to be away. */
export function noteBack(): void {
  if (outage.saidAt === Number.NEGATIVE_INFINITY) return
  console.error(`database: reached again after ${Math.ceil((performance.now() - outage.since) / 1_000)} s.`)
  outage.saidAt = outage.metAt = Number.NEGATIVE_INFINITY
}
