import type { Units } from '../auth/units.ts'
import type { Connect, Connection } from '../bell/connection.ts'
import { isAway } from '../outage.ts'
import type { Chunk, StoreChunks } from './log-writer.ts'

/** For many users at once, and only for runs that are still of this attempt: one that is gone fails nobody. */
const statement = `
  insert into run_event (run_id, attempt, last_seq, user_id, event)
  select run.id, chunk.attempt, chunk.last_seq, run.user_id, chunk.event
  from jsonb_to_recordset($1::jsonb) as chunk(run_id uuid, attempt int, last_seq int, event jsonb)
  join run on run.id = chunk.run_id and run.attempt = chunk.attempt
  on conflict do nothing`

function rowsOf(chunks: readonly Chunk[]): string {
  return JSON.stringify(
    chunks.map(({ runId, attempt, lastSeq, event }) => ({ run_id: runId, attempt, last_seq: lastSeq, event })),
  )
}

/** The embedded database has one connection: the writer takes turns with everything else. */
export function storeEmbedded(units: Units): StoreChunks {
  return async (chunks) => {
    await units.asSystem().execute(statement.replace('$1', '?'), [rowsOf(chunks)])
  }
}

/** A statement that has not come back for so long is on a line that was cut: whatever waits for it must go on. */
const answerMs = 10_000

/**
 * A connection of its own whose commits do not wait for the disk; made when it is needed, and again after it was lost:
 * then `onLost` is told, since what went over it last may be gone.
 */
export function storeOnOwnConnection(connect: Connect): {
  store: StoreChunks
  close(): Promise<void>
  onLost: () => void
} {
  let client: Promise<Connection> | undefined
  let closed = false
  const parts = {
    onLost: () => {},
    store: async (chunks: readonly Chunk[]) => {
      if (closed) throw new Error('The connection for chunks was closed.')
      client ??= open()
      const connection = await client
      try {
        await answered(connection, { name: 'store-chunks', text: statement, values: [rowsOf(chunks)] })
      } catch (error) {
        // It may have reached a server that may only be read, and would stay there.
        if (isAway(error)) void connection.end().catch(() => {})
        throw error
      }
    },
    close: async () => {
      closed = true
      const last = await client?.catch(() => undefined)
      await last?.end()
    },
  }
  const open = async () => {
    const lost = () => {
      client = undefined
      if (!closed) parts.onLost()
    }
    try {
      const opened = await connect()
      opened.on('end', lost)
      await answered(opened, 'set role app_system; set synchronous_commit = off').catch((error: unknown) => {
        void opened.end().catch(() => {})
        throw error
      })
      return opened
    } catch (error) {
      client = undefined
      throw error
    }
  }
  return parts
}

/** Ends a connection that does not answer, which fails the statement too. */
async function answered(connection: Connection, statement: Parameters<Connection['query']>[0]): Promise<void> {
  const timer = setTimeout(() => void connection.end().catch(() => {}), answerMs)
  await connection.query(statement).finally(() => clearTimeout(timer))
}
