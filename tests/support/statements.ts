import type { LogContext } from '@mikro-orm/core'
import type { Database } from '../../api/database/database.ts'
import { cleanUp } from './cleaning.ts'

/** Tells what the ORM asks the database for, values and all. Not what is written meanwhile, by runs that come to their end. */
export function watchStatements({ orm }: Pick<Database, 'orm'>): {
  during<T>(work: () => Promise<T>): Promise<string[]>
} {
  const logger = orm.config.getLogger()
  const { logQuery, isEnabled } = logger
  let seen: string[] | undefined
  logger.isEnabled = (namespace) => namespace === 'query' || namespace === 'query-params'
  logger.logQuery = ({ query }: { query: string } & LogContext) => {
    if (/^\(?select\b/i.test(query) && !/^select set_config/i.test(query)) seen?.push(query)
  }
  cleanUp(() => {
    Object.assign(logger, { logQuery, isEnabled })
  })
  return {
    async during(work) {
      seen = []
      try {
        await work()
        return seen
      } finally {
        seen = undefined
      }
    },
  }
}
