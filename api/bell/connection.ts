/** A connection to PostgreSQL of the holder's own, outside the pool: what is needed of one, in the driver's words. */
export type Connection = {
  query(statement: string | { name: string; text: string; values: unknown[] }, values?: unknown[]): Promise<unknown>
  on(event: 'end', listener: () => void): unknown
  on(event: 'notification', listener: (notification: { payload?: string | undefined }) => void): unknown
  end(): Promise<void>
}

export type Connect = () => Promise<Connection>

/** Whether an error says that the database cannot be reached at the moment, so that the same again may well succeed. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : undefined
  if (typeof code === 'string') return awayCodes.test(code)
  return /connection (?:terminated|ended|error|was lost)|not queryable|timeout exceeded/i.test(error.message)
}

/** Lost connections and a server that stops or starts, as PostgreSQL and the system name them. */
const awayCodes = /^(?:08...|57P0[1-3]|53300|ECONN\w+|EPIPE|ENOENT|ETIMEDOUT|EHOST\w+|ENET\w+|ENOTFOUND|EAI_AGAIN)$/

const retryMs = 200

/** The work, again and again while the database is away, for so long at the most. */
export async function whileAway<T>(
  patienceMs: number,
  work: (again: boolean) => Promise<T>,
  isPassing: (error: unknown) => boolean = isAway,
): Promise<T> {
  const since = performance.now()
  for (let again = false; ; again = true) {
    try {
      return await work(again)
    } catch (error) {
      if (!isPassing(error) || performance.now() - since > patienceMs) throw error
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }
}
