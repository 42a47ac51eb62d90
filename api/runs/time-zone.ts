import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import { badInput } from '../errors.ts'
import { Run } from './run.entity.ts'

const likeName = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/

/** A time zone as IANA names it (`Europe/Berlin`); null when none is given. Throws BAD_USER_INPUT for anything else. */
export function checkedTimeZone(name: string | null | undefined): string | null {
  if (name == null) return null
  if (!isTimeZone(name)) throw badInput(['input', 'timeZone'], 'must be the name of a time zone, such as Europe/Berlin')
  return name
}

/** Whether this is the name of a time zone that is known here. */
export function isTimeZone(timeZone: string): boolean {
  if (!likeName.test(timeZone)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    return true
  } catch {
    return false
  }
}

/** Where the person is: as said with this run or, where nothing is said, most lately in its conversation; UTC until then. */
export async function timeZoneOf(em: SqlEntityManager, viewer: Viewer, run: Run): Promise<string> {
  if (run.timeZone != null) return run.timeZone
  const { conversationId } = run
  const said = await em.findOne(
    Run,
    { conversationId, timeZone: { $ne: null }, ...owned(viewer) },
    { orderBy: { id: 'desc' }, fields: ['timeZone'] },
  )
  return said?.timeZone ?? 'UTC'
}
