import type { Kysely } from '@mikro-orm/sql'

/** What we read ourselves of Better Auth's tables. */
export type AuthTables = {
  auth_session: { id: string; userId: string; expiresAt: Date }
  auth_user: { id: string; name: string; email: string }
  auth_verification: { id: string; value: string }
  auth_jwks: { id: string; privateKey: string; expiresAt: Date | null }
}

export type KnownSession = { userId: string; expiresAt: Date }

const rememberedMilliseconds = 30_000
const remembered = 10_000

/** Sessions by id, as the table has them or had them at most 30 s ago: so a sign-out ends tokens too. */
export class KnownSessions {
  readonly #db: Kysely<AuthTables>
  readonly #cache = new Map<string, { session: KnownSession | null; until: number }>()

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
    this.#cache.clear()
  }

  async #read(id: string): Promise<KnownSession | null> {
    const known = this.#cache.get(id)
    if (known && known.until > Date.now()) return known.session
    const until = Date.now() + rememberedMilliseconds
    const found = await this.#db
      .selectFrom('auth_session')
      .select(['userId', 'expiresAt'])
      .where('id', '=', id)
      .executeTakeFirst()
    this.#cache.delete(id)
    if (this.#cache.size >= remembered) this.#cache.delete(this.#cache.keys().next().value ?? '')
    this.#cache.set(id, { session: found ?? null, until })
    return found ?? null
  }
}
