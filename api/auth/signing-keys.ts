import type { Kysely } from '@mikro-orm/sql'
import type { AuthTables } from './known-sessions.ts'

/**
 * After another PARLEY_SECRET nobody can read the private keys that were kept under the old one. From now on they sign
 * nothing, so that a new one is made when it is needed next; what they signed before stays good for its time. Gives
 * whether there were any.
 */
export async function retireUnreadable(
  db: Kysely<AuthTables>,
  opens: (privateKey: string) => Promise<boolean>,
): Promise<boolean> {
  const now = new Date()
  const unreadable: string[] = []
  for (const { id, privateKey, expiresAt } of await db.selectFrom('auth_jwks').selectAll().execute())
    if ((expiresAt === null || expiresAt > now) && !(await opens(privateKey))) unreadable.push(id)
  if (unreadable.length === 0) return false
  await db.updateTable('auth_jwks').set({ expiresAt: now }).where('id', 'in', unreadable).execute()
  console.error(
    `auth: ${unreadable.length} of the keys that sign tokens cannot be read with this PARLEY_SECRET. A new one is made.`,
  )
  return true
}
