import { createHash, randomBytes } from 'node:crypto'

/** Scanners for leaked secrets know a key by this. */
const prefix = 'parley_'

/** Then 32 random bytes, then the 16 of the user's id: under whose identity the database is asked for the key. */
const form = /^parley_([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{22})$/

/** What is shown of a key afterwards. */
const startLength = prefix.length + 6

export type NewKey = { text: string; hash: string; start: string }

/** A new key of this user: 256 random bits. */
export function newKey(userId: string): NewKey {
  const owner = Buffer.from(userId.replaceAll('-', ''), 'hex')
  const text = `${prefix}${randomBytes(32).toString('base64url')}${owner.toString('base64url')}`
  return { text, hash: hashOf(text), start: text.slice(0, startLength) }
}

/** Whether a credential claims to be a key of ours. */
export const isKey = (credential: string): boolean => credential.startsWith(prefix)

/** Hash and claimed owner of a key; null when it cannot be one. Never throws. */
export function readKey(text: string): { hash: string; userId: string } | null {
  const owner = form.exec(text)?.[2]
  return owner ? { hash: hashOf(text), userId: ownerOf(owner) } : null
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')

function ownerOf(encoded: string): string {
  const hex = Buffer.from(encoded, 'base64url').toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
