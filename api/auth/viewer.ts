/** What a credential may do. A session has all of them; an API key has those it was made with. */
export const scopes = ['conversations:read', 'conversations:write', 'runs:write', 'tasks:read', 'tasks:write'] as const

export type Scope = (typeof scopes)[number]

/** Who is asking: made from a request's credential in one place (`authenticate.ts`), trusted everywhere else. */
export type Viewer = {
  /** The user's row id. */
  readonly id: string
  readonly scopes: readonly Scope[]
  readonly sessionId?: string
  /** The API key, when one was sent. */
  readonly keyId?: string
  /** When the credential ends; a stream must not outlive it. */
  readonly expiresAt?: Date
}

/**
 * The owner condition of every query: the first of the two walls (row-level security is the second).
 * The only place that says it, so that a test can take this wall away and see the other one hold.
 */
export function owned(viewer: Viewer): { userId?: string } {
  return ownerCondition.enabled ? { userId: viewer.id } : {}
}

/** The seam of that test. Nothing in the product writes it. */
export const ownerCondition = { enabled: true }
