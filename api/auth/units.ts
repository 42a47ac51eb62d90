import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Viewer } from './viewer.ts'

/** One unit of work per request, run or event: a fresh entity manager that carries an identity into the database. */
export interface Units {
  /** As this user: row-level security shows and takes only what is theirs. */
  as(viewer: Pick<Viewer, 'id'>): SqlEntityManager
  /** As the system, across users: for background jobs only, never in a request. */
  asSystem(): SqlEntityManager
}
