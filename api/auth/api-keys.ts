import type { SqlEntityManager } from '@mikro-orm/sql'
import { AppError, badInput, notFound } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { ApiKey, keyNameCharacters } from './api-key.entity.ts'
import { newKey } from './key-text.ts'
import { owned, type Scope, scopes, type Viewer } from './viewer.ts'

export type CreateApiKey = {
  name: string
  scopes: readonly string[]
  /** 1 to 365. */
  expiresInDays: number
}

/** Throws FORBIDDEN for the holder of a key: keys neither see keys nor make them. */
export function requireSession(viewer: Viewer): void {
  if (viewer.sessionId) return
  throw new AppError('FORBIDDEN', 'Only a signed-in person can see and change API keys.')
}

/**
 * A new key with its text, which is told this once. Call it inside a transaction. Throws BAD_USER_INPUT for what it
 * cannot be made of, FORBIDDEN for more scopes than the viewer has, and QUOTA_EXCEEDED when there are too many.
 */
export async function createApiKey(
  em: SqlEntityManager,
  viewer: Viewer,
  input: CreateApiKey,
  { apiKeysPerUser }: Pick<Limits, 'apiKeysPerUser'>,
): Promise<{ apiKey: ApiKey; key: string }> {
  requireSession(viewer)
  const made = { name: validName(input.name), scopes: validScopes(input.scopes, viewer) }
  const expiresAt = new Date(Date.now() + validDays(input.expiresInDays) * 86_400_000)
  await em.execute(`select pg_advisory_xact_lock(hashtextextended(?, 0))`, [`api keys of ${viewer.id}`])
  const actual = (await em.count(ApiKey, { ...owned(viewer), userId: viewer.id })) + 1
  if (actual > apiKeysPerUser)
    throw new AppError('QUOTA_EXCEEDED', `You have ${apiKeysPerUser} API keys: revoke one first.`, {
      limitName: 'apiKeysPerUser',
      limit: apiKeysPerUser,
      actual,
    })
  const { text, hash, start } = newKey(viewer.id)
  const apiKey = em.create(ApiKey, { userId: viewer.id, ...made, hash, start, expiresAt })
  await em.flush()
  return { apiKey, key: text }
}

/** The newest first. */
export async function listApiKeys(em: SqlEntityManager, viewer: Viewer): Promise<ApiKey[]> {
  requireSession(viewer)
  return em.find(ApiKey, { ...owned(viewer) }, { orderBy: { id: 'desc' } })
}

/** The viewer's key; null when it does not exist or belongs to someone else. */
export async function findApiKey(em: SqlEntityManager, viewer: Viewer, id: string): Promise<ApiKey | null> {
  requireSession(viewer)
  return em.findOne(ApiKey, { id, ...owned(viewer) })
}

/** All of somebody who is about to be gone. */
export async function revokeAllKeys(em: SqlEntityManager, viewer: Viewer): Promise<void> {
  await em.nativeDelete(ApiKey, owned(viewer))
}

/** From now on it opens nothing where nobody remembers it: see `forgetKeys`. Throws NOT_FOUND. */
export async function revokeApiKey(em: SqlEntityManager, viewer: Viewer, id: string): Promise<void> {
  requireSession(viewer)
  if ((await em.nativeDelete(ApiKey, { id, ...owned(viewer) })) === 0) throw notFound('API key')
}

function validName(text: string): string {
  const name = text.trim()
  const field = ['input', 'name']
  if (name === '') throw badInput(field, 'must not be blank')
  if ([...name].length > keyNameCharacters) throw badInput(field, `must have at most ${keyNameCharacters} characters`)
  if (name.includes('\0') || !name.isWellFormed()) throw badInput(field, 'must be well-formed text')
  return name
}

function validScopes(wanted: readonly string[], viewer: Viewer): Scope[] {
  const field = ['input', 'scopes']
  if (wanted.length === 0) throw badInput(field, `must name at least one of ${scopes.join(', ')}`)
  const unknown = wanted.some((it) => !scopes.some((scope) => scope === it))
  if (unknown) throw badInput(field, `must be some of ${scopes.join(', ')}`)
  const asked = scopes.filter((scope) => wanted.includes(scope))
  const requiredScope = asked.find((scope) => !viewer.scopes.includes(scope))
  if (requiredScope) throw new AppError('FORBIDDEN', `This needs the scope ${requiredScope}.`, { requiredScope })
  return asked
}

function validDays(days: number): number {
  if (days < 1 || days > 365) throw badInput(['input', 'expiresInDays'], 'must be between 1 and 365')
  return days
}
