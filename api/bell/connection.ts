import { isAway } from '../outage.ts'

/** A connection to PostgreSQL of the holder's own, outside the pool: what is needed of one, in the driver's words. */
export type Connection = {
  query(statement: string | { name: string; text: string; values: unknown[] }, values?: unknown[]): Promise<unknown>
  on(event: 'end', listener: () => void): unknown
  on(event: 'notification', listener: (notification: { payload?: string | undefined }) => void): unknown
  end(): Promise<void>
}

export type Connect = () => Promise<Connection>

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
