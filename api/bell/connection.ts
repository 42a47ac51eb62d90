/** A connection to PostgreSQL of the holder's own, outside the pool: what is needed of one, in the driver's words. */
export type Connection = {
  query(statement: string | { name: string; text: string; values: unknown[] }, values?: unknown[]): Promise<unknown>
  on(event: 'end', listener: () => void): unknown
  on(event: 'notification', listener: (notification: { payload?: string | undefined }) => void): unknown
  end(): Promise<void>
}

export type Connect = () => Promise<Connection>
