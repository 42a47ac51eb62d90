/** Why a run did not end well. The names are a public contract. */
export type RunFailureCode =
  | 'MODEL_RATE_LIMITED'
  | 'MODEL_UNAVAILABLE'
  | 'MODEL_TIMEOUT'
  | 'MODEL_STREAM_CUT'
  | 'MODEL_BAD_RESPONSE'
  | 'MODEL_MISCONFIGURED'
  | 'CONTEXT_TOO_LONG'
  | 'STEP_LIMIT'
  | 'RUN_TIMEOUT'
  | 'OUTPUT_LIMIT'
  | 'SERVER_RESTARTED'
  | 'QUOTA_EXCEEDED'
  | 'INTERNAL_SERVER_ERROR'

/**
 * As stored with the run and shown to people: a plain sentence, and whether trying again makes sense. `waitSeconds`: for so
 * long, from the end of the run, the model asks to be left alone; the sentence says it too.
 */
export type RunFailure = { code: RunFailureCode; message: string; retryable: boolean; waitSeconds?: number }

/** Thrown by the model and the loop when the answer cannot go on. `message` is for people; details belong in `cause`. */
export class RunError extends Error {
  override readonly name = 'RunError'
  readonly code: RunFailureCode
  readonly retryable: boolean

  constructor(code: RunFailureCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? true
  }

  get failure(): RunFailure {
    return { code: this.code, message: this.message, retryable: this.retryable }
  }
}
