import type { Kysely } from '@mikro-orm/sql'

type Plugin = Parameters<Kysely<unknown>['withPlugin']>[0]
type Result = Awaited<ReturnType<Plugin['transformResult']>>

/**
 * Gives Better Auth times as `Date`. Both drivers hand them over as text here, and `text < new Date()` is never true:
 * an expired session would stay good for ever.
 */
export class TimestampsAsDates implements Plugin {
  transformQuery({ node }: Parameters<Plugin['transformQuery']>[0]): typeof node {
    return node
  }

  async transformResult({ result }: Parameters<Plugin['transformResult']>[0]): Promise<Result> {
    return { ...result, rows: result.rows.map(withDates) }
  }
}

function withDates(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      typeof value === 'string' && /At$/.test(column) ? new Date(value) : value,
    ]),
  )
}
