import { ApiKey } from './api-key.entity.ts'
import { readKey } from './key-text.ts'
import type { Units } from './units.ts'
import { owned, type Viewer } from './viewer.ts'

const rememberedMilliseconds = 30_000
const remembered = 10_000
const useNotedMilliseconds = 60_000

type Known = { key: ApiKey; until: number }

/** API keys as the table has them or had them at most 30 s ago: so a revoked one ends everywhere. */
export class KnownKeys {
  readonly #units: Units
  #cache = new Map<string, Known>()
  readonly #usedAt = new Map<string, number>()

  constructor(units: Units) {
    this.#units = units
  }

  /** Who holds this key; null when it is none of ours, was revoked, or its time is over. */
  async viewerOf(text: string): Promise<Viewer | null> {
    const claim = readKey(text)
    const key = claim && (await this.#find(claim.userId, claim.hash))
    if (!key || key.expiresAt.getTime() <= Date.now()) return null
    await this.#noteUse(key)
    return { id: key.userId, scopes: key.scopes, keyId: key.id, expiresAt: key.expiresAt }
  }

  /** Whether the key that this viewer came with still is. */
  async isThere(viewer: Viewer): Promise<boolean> {
    const { id, keyId } = viewer
    return (await this.#units.as({ id }).count(ApiKey, { id: keyId ?? '', ...owned(viewer) })) > 0
  }

  /** One was revoked: ask the table again. */
  forget(): void {
    // What is being read this moment may be old already: it goes with the map that it was meant for.
    this.#cache = new Map()
  }

  async #find(userId: string, hash: string): Promise<ApiKey | null> {
    const cache = this.#cache
    const known = cache.get(hash)
    if (known && known.until > Date.now()) return known.key
    const until = Date.now() + rememberedMilliseconds
    // The claim is not believed: what is looked for is the hash, in the rows of that user alone.
    const key = await this.#units.as({ id: userId }).findOne(ApiKey, { userId, hash })
    cache.delete(hash)
    if (cache.size >= remembered) cache.delete(cache.keys().next().value ?? '')
    // Guesses are not remembered: there is no end of them.
    if (key) cache.set(hash, { key, until })
    return key
  }

  async #noteUse({ id, userId }: ApiKey): Promise<void> {
    const now = Date.now()
    if (now - (this.#usedAt.get(id) ?? 0) < useNotedMilliseconds) return
    if (this.#usedAt.size >= remembered) this.#usedAt.clear()
    this.#usedAt.set(id, now)
    await this.#units
      .as({ id: userId })
      .execute(
        `update api_key set last_used_at = ? where id = ? and user_id = ? and (last_used_at is null or last_used_at < ?)`,
        [new Date(now), id, userId, new Date(now - useNotedMilliseconds)],
      )
  }
}
