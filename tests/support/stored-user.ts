import { v7 } from 'uuid'
import { scopes, type Viewer } from '../../api/auth/viewer.ts'
import type { Database } from '../../api/database/database.ts'

/** Someone whom the database knows, for tests below the doors: no password, no session. */
export async function storedUser({ orm }: Pick<Database, 'orm'>, name: string): Promise<Viewer> {
  const id = v7()
  await orm.em
    .fork()
    .execute('insert into auth_user ("id", "name", "email", "emailVerified") values (?, ?, ?, false)', [
      id,
      name,
      `${name}.${id}@example.com`,
    ])
  return { id, scopes }
}
