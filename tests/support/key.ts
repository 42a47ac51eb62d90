import { isSecret } from './credentials.ts'
import type { User } from './user.ts'

export type Key = { id: string; key: string; start: string; scopes: string[]; expiresAt: string }

/** An API key of this user, made as the settings page makes it. */
export async function keyOf(user: User, scopes: readonly string[], more: object = {}): Promise<Key> {
  const { createApiKey } = await user.mutate<{ createApiKey: { key: string; apiKey: Omit<Key, 'key'> } }>(
    `mutation ($input: CreateApiKeyInput!) {
      createApiKey(input: $input) { key apiKey { id start scopes expiresAt } }
    }`,
    { input: { name: 'Robot', scopes, ...more } },
  )
  // A repeat is not told it.
  if (createApiKey.key) isSecret(createApiKey.key)
  return { key: createApiKey.key, ...createApiKey.apiKey }
}

/** The two headers that take a key; the first takes tokens too. */
export const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })
export const apiKey = (key: string): Record<string, string> => ({ 'x-api-key': key })
