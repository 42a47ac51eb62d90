import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import type { LogContext } from '@mikro-orm/core'
import type { Database } from '../../api/database/database.ts'
import { cleanUp } from './cleaning.ts'

/**
 * Tells what the ORM asks the database for, values and all: in the work itself, and in the GraphQL requests that it makes to a
 * server of this process. Nothing that the server does for reasons of its own meanwhile.
 */
export function watchStatements({ orm }: Pick<Database, 'orm'>): {
  during<T>(work: () => Promise<T>): Promise<string[]>
} {
  const logger = orm.config.getLogger()
  const { logQuery, isEnabled } = logger
  const ours = new AsyncLocalStorage<string[]>()
  let seen: string[] | undefined
  logger.isEnabled = (namespace) => namespace === 'query' || namespace === 'query-params'
  logger.logQuery = ({ query }: { query: string } & LogContext) => {
    if (/^\(?select\b/i.test(query) && !/^select set_config/i.test(query)) ours.getStore()?.push(query)
  }
  // Told before the request is handled, in the same turn: what comes of it belongs to whoever is being watched.
  const began = (message: unknown) => {
    const { request } = message as { request: IncomingMessage }
    if (seen && request.url === '/graphql') ours.enterWith(seen)
  }
  subscribe('http.server.request.start', began)
  cleanUp(() => {
    unsubscribe('http.server.request.start', began)
    Object.assign(logger, { logQuery, isEnabled })
  })
  return {
    async during(work) {
      const statements: string[] = []
      seen = statements
      try {
        await ours.run(statements, work)
        return statements
      } finally {
        seen = undefined
      }
    },
  }
}
