/** An idempotency key: `crypto.randomUUID` is missing on plain http. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return `web-${Array.from(bytes, (it) => it.toString(16).padStart(2, '0')).join('')}`
}
