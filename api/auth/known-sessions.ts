import type { Kysely } from '@mikro-orm/sql'

/** What we read ourselves of Better Auth's tables. */
export type AuthTables = {
  auth_session: { id: string; userId: string; expiresAt: Date }
  auth_user: { id: string; name: string; email: string }
  auth_verification: { id: string; value: string }
  auth_jwks: { id: string; privateKey: string; expiresAt: Date | null }
}

export type KnownSession = { userId: string; expiresAt: Date }

type Cache = Map<string, { session: KnownSession | null; until: number }>

const rememberedMilliseconds = 30_000
const remembered = 10_000

/** Sessions by id, as the table has them or had them at most 30 s ago: so a sign-out ends tokens too. */
export class KnownSessions {
  readonly #db: Kysely<AuthTables>
  #cache: Cache = new Map()

  constructor(db: Kysely<AuthTables>) {
    this.#db = db
  }

  /** Null when there is no such session any more, or its time is over. */
  async find(id: string, asOf: 'lately' | 'now' = 'lately'): Promise<KnownSession | null> {
    if (asOf === 'now') this.#cache.delete(id)
    const session = await this.#read(id)
    return session && session.expiresAt.getTime() > Date.now() ? session : null
  }

  /** Something was signed out or changed: ask the table again. */
  forget(): void {
    // What is being read this moment may be old already: it goes with the map that it was meant for.
    this.#cache = new Map()
  }

  async #read(id: string): Promise<KnownSession | null> {
    const cache = this.#cache
    const known = cache.get(id)
    if (known && known.until > Date.now()) return known.session
    const until = Date.now() + rememberedMilliseconds
    const found = await this.#db
      .selectFrom('auth_session')
      .select(['userId', 'expiresAt'])
      .where('id', '=', id)
      .executeTakeFirst()
    cache.delete(id)
    if (cache.size >= remembered) cache.delete(cache.keys().next().value ?? '')
    cache.set(id, { session: found ?? null, until })
    return found ?? null
  }
}
