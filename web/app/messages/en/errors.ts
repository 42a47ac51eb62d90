/** What went wrong, by the code of the API. */
export const errors = {
  NETWORK: 'The server cannot be reached right now.',
  UNAUTHENTICATED: 'Your sign-in has ended. Please sign in again.',
  FORBIDDEN: 'You may not do that.',
  NOT_FOUND: 'That does not exist any more.',
  RUN_ACTIVE: 'An answer is still being written here. Stop it, or wait until it is done.',
  PAYLOAD_TOO_LARGE: 'That is too large.',
  UNSUPPORTED_MEDIA_TYPE: 'Files of this kind cannot be read here.',
  RATE_LIMITED: 'That was a bit fast. Wait a moment, then try again.',
  QUOTA_EXCEEDED: 'The budget for now is used up. Try again later.',
  OVERLOADED: 'The server is very busy. Try again in a moment.',
  DRAINING: 'The server is restarting. Try again in a moment.',
  STORAGE_UNAVAILABLE: 'The database cannot be reached. Try again in a moment.',
  STORAGE_FULL: 'The server has no space left, so nothing new can be saved.',
  AUTH_UNAVAILABLE: 'Sign-in cannot be checked right now. Try again in a moment.',
  INTERNAL_SERVER_ERROR: 'Something went wrong on the server.',
  unforeseen: 'Something went wrong. Please try again.',
} as const
