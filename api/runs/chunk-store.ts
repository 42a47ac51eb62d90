import type { Units } from '../auth/units.ts'
import type { Connect, Connection } from '../bell/connection.ts'
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
  const parts = {
    onLost: () => {},
    store: async (chunks: readonly Chunk[]) => {
      client ??= open()
      await (await client).query({ name: 'store-chunks', text: statement, values: [rowsOf(chunks)] })
    },
    close: async () => {
      const open = await client?.catch(() => undefined)
      await open?.end()
    },
  }
  const open = async () => {
    try {
      const opened = await connect()
      opened.on('end', () => {
        client = undefined
        parts.onLost()
      })
      await opened.query(`set role app_system; set synchronous_commit = off`)
      return opened
    } catch (error) {
      client = undefined
      throw error
    }
  }
  return parts
}
