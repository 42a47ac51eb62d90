import type { LogContext } from '@mikro-orm/core'
import type { Database } from '../../api/database/database.ts'
import { cleanUp } from './cleaning.ts'

/** Tells what the ORM asks the database for. Not what is written meanwhile, by runs that come to their end. */
export function watchStatements({ orm }: Pick<Database, 'orm'>): {
  during<T>(work: () => Promise<T>): Promise<string[]>
} {
  const logger = orm.config.getLogger()
  const log = logger.logQuery
  let seen: string[] | undefined
  logger.setDebugMode(['query'])
  logger.logQuery = ({ query }: { query: string } & LogContext) => {
    if (/^\(?select\b/i.test(query) && !/^select set_config/i.test(query)) seen?.push(query)
  }
  cleanUp(() => {
    logger.setDebugMode(false)
    logger.logQuery = log
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
