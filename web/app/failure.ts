/** A request that did not do what it should, in words for the person. */
export class Failure extends Error {
  override readonly name = 'Failure'
  /** A code of the API, or NETWORK when no answer came. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

const sentences: Record<string, string> = {
  NETWORK: 'The server cannot be reached right now.',
  UNAUTHENTICATED: 'Your sign-in has ended. Please sign in again.',
  FORBIDDEN: 'You may not do that.',
  NOT_FOUND: 'That does not exist any more.',
  RUN_ACTIVE: 'An answer is still being written here. Stop it, or wait until it is done.',
  RATE_LIMITED: 'That was a bit fast. Wait a moment, then try again.',
  QUOTA_EXCEEDED: 'The budget for now is used up. Try again later.',
  OVERLOADED: 'The server is very busy. Try again in a moment.',
  DRAINING: 'The server is restarting. Try again in a moment.',
  STORAGE_UNAVAILABLE: 'The database cannot be reached. Try again in a moment.',
  STORAGE_FULL: 'The server has no space left, so nothing new can be saved.',
  AUTH_UNAVAILABLE: 'Sign-in cannot be checked right now. Try again in a moment.',
  INTERNAL_SERVER_ERROR: 'Something went wrong on the server.',
}

/** The sentence for a code; what the server said where it knows better, as with wrong input. */
export const inWords = (code: string, said?: string): string =>
  sentences[code] ?? (said || 'Something went wrong. Please try again.')

/** What to tell about anything that was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof Failure ? error.message : inWords('INTERNAL_SERVER_ERROR')
}
