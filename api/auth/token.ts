import { createLocalJWKSet, decodeProtectedHeader, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'

export type TokenClaims = { userId: string; sessionId: string; expiresAt: Date }

export type TokenReader = (token: string) => Promise<TokenClaims | null>

export const tokenLifeSeconds = 15 * 60
const tolerance = 5
const maxLength = 8_192
const keysKeptMilliseconds = 600_000
const refreshes = { count: 2, milliseconds: 30_000 }

/** They would let a token bring its own key, or change what the signature covers. */
const forbiddenHeaders = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64']

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Reads tokens of ours (RFC 7519, signed with EdDSA by one of our keys, for `url`). Gives null for every other token;
 * rejects only when the keys cannot be had.
 */
export function createTokenReader(url: string, loadKeys: () => Promise<JSONWebKeySet>): TokenReader {
  const keys = new KeySet(loadKeys)
  const rules = {
    algorithms: ['EdDSA'],
    issuer: url,
    audience: url,
    requiredClaims: ['exp', 'iat', 'sub', 'sid'],
    clockTolerance: tolerance,
    maxTokenAge: tokenLifeSeconds,
  }
  return async (token) => {
    const kid = keyIdOf(token)
    if (kid === null) return null
    const set = await keys.having(kid)
    try {
      const { payload } = await jwtVerify(token, createLocalJWKSet(set), rules)
      return claimsOf(payload)
    } catch (error) {
      if (error instanceof errors.JOSEError) return null
      throw error
    }
  }
}

function keyIdOf(token: string): string | null {
  if (token.length > maxLength) return null
  try {
    const header = decodeProtectedHeader(token)
    if (forbiddenHeaders.some((name) => name in header)) return null
    return typeof header.kid === 'string' ? header.kid : null
  } catch {
    return null
  }
}

function claimsOf({ sub, sid, iat = 0, exp = 0 }: JWTPayload): TokenClaims | null {
  if (typeof sub !== 'string' || typeof sid !== 'string' || !uuid.test(sub) || !uuid.test(sid)) return null
  if (exp - iat > tokenLifeSeconds) return null
  return { userId: sub, sessionId: sid, expiresAt: new Date(exp * 1_000) }
}

/** Our public keys. An unknown id makes it look again, but strangers' tokens must not make it look all the time. */
class KeySet {
  readonly #load: () => Promise<JSONWebKeySet>
  #keys: JSONWebKeySet = { keys: [] }
  #loadedAt = Number.NEGATIVE_INFINITY
  #looks: number[] = []
  #looking: Promise<void> | undefined

  constructor(load: () => Promise<JSONWebKeySet>) {
    this.#load = load
  }

  async having(kid: string): Promise<JSONWebKeySet> {
    const now = Date.now()
    const stale = now - this.#loadedAt > keysKeptMilliseconds
    const unknown = !this.#keys.keys.some((key) => key.kid === kid)
    this.#looks = this.#looks.filter((time) => now - time < refreshes.milliseconds)
    if (stale || (unknown && this.#looks.length < refreshes.count)) await this.#look(now)
    return this.#keys
  }

  #look(now: number): Promise<void> {
    this.#looking ??= this.#lookOnce(now).finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #lookOnce(now: number): Promise<void> {
    this.#looks.push(now)
    this.#keys = await this.#load()
    this.#loadedAt = now
  }
}
