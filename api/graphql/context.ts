import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Budget, Rates } from '../auth/rates.ts'
import type { StreamPlaces } from '../auth/stream-places.ts'
import type { Units } from '../auth/units.ts'
import type { Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import type { AttachmentLinks } from '../conversations/attachment-links.ts'
import type { Limits } from '../limits.ts'
import type { Runs } from '../runs/runs.ts'
import type { Toolboxes } from '../tools/toolbox.ts'
import { createLoaders, type Loaders } from './loaders.ts'

/** What resolvers work with that lives as long as the process. */
export type Parts = {
  units: Units
  bell: Bell
  runs: Runs
  toolboxes: Toolboxes
  /** Name and address of the viewer; they are kept where people sign in. */
  userOf(viewer: Viewer): Promise<Person>
  /** Whether the viewer's session is still there: streams outlive the request that opened them. */
  stillSignedIn(viewer: Viewer, asOf?: 'lately' | 'now'): Promise<boolean>
  /** A key was revoked: what is remembered of keys no longer holds. */
  forgetKeys(): void
  rates: Rates
  /** Throws STORAGE_FULL while nothing new may be stored. */
  checkSpace(): void
  /** Those of all open streams of this process, whichever door they came by. */
  places: StreamPlaces
  limits: Limits
  /** Addresses of files that people sent. */
  links: AttachmentLinks
}

export type Person = { id: string; name: string; email: string }

/** What every resolver is given: who asks, and one unit of work. */
export type Context = Parts & {
  viewer: Viewer
  request: Request
  em: SqlEntityManager
  loaders: Loaders
  spent: Spent
}

/** What this request costs, and what is left of the minute's budget. Filled in before anything is resolved. */
export type Spent = { cost: number; budget: Budget | null; retryAfterMs?: number }

export function createContext(parts: Parts, viewer: Viewer, request: Request, spent: Spent): Context {
  return { ...parts, viewer, request, spent, ...unit(parts, viewer) }
}

/**
 * A unit of work anew. The context of a subscription is built once and lives for an hour: each event has to be looked up
 * as things are by then, and nothing may pile up in between.
 */
export function renew(context: Context): void {
  Object.assign(context, unit(context, context.viewer))
}

function unit({ units, limits }: Parts, viewer: Viewer): Pick<Context, 'em' | 'loaders'> {
  const em = units.as(viewer)
  return { em, loaders: createLoaders(em, viewer, limits) }
}
