import type { LogContext } from '@mikro-orm/core'
import type { Database } from '../../api/database/database.ts'
import { cleanUp } from './cleaning.ts'

/** Tells what the ORM asks the database for, values and all. Not what is written meanwhile, by runs that come to their end. */
export function watchStatements({ orm }: Pick<Database, 'orm'>): {
  during<T>(work: () => Promise<T>): Promise<string[]>
  /** How many there are at the least, of three times: the server asks for things of its own now and then. */
  fewest<T>(work: () => Promise<T>): Promise<number>
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
  const during = async (work: () => Promise<unknown>) => {
    seen = []
    try {
      await work()
      return seen
    } finally {
      seen = undefined
    }
  }
  return {
    during,
    async fewest(work) {
      const counts = []
      for (let times = 0; times < 3; times++) counts.push((await during(work)).length)
      return Math.min(...counts)
    },
  }
}
