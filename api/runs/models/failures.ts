import { RunError, type RunFailure, type RunFailureCode } from '../run-failure.ts'

/** How a provider says that it does not answer: an HTTP status with a body, or an event in the stream. */
export type ProviderFault = {
  status?: number | undefined
  code?: unknown
  type?: unknown
  param?: unknown
  message: string
  /** How long it asks to wait. */
  waitMs?: number | null
  cause?: unknown
}

/** Longer waits than this are left to people. */
export const longestWaitMs = 30_000

/** A provider that does not answer. The message is for people; what the provider said stands in the cause, for the operator. */
export class ProviderError extends RunError {
  /** How long it asks to wait, in milliseconds; null when it says nothing. */
  readonly waitMs: number | null
  /** True when it does not want to talk about this: an answer in its way. */
  readonly withheld: boolean

  constructor(code: RunFailureCode, message: string, fault: ProviderFault, retryable: boolean) {
    super(code, message, {
      retryable,
      cause: new Error(`The provider said: ${described(fault)}`, { cause: fault.cause }),
    })
    this.waitMs = fault.waitMs ?? null
    this.withheld = typeof fault.code === 'string' && withheld.has(fault.code)
  }

  override get failure(): RunFailure {
    return { ...super.failure, ...(this.retryable && this.waitMs && { waitSeconds: secondsOf(this.waitMs) }) }
  }
}

/** What a fault means for the run. */
export function failureOf(fault: ProviderFault): ProviderError {
  const code = codeOf(fault)
  if (isQuota(fault)) return new ProviderError(code, 'The model is not available at the moment.', fault, false)
  const retryable = code !== 'MODEL_MISCONFIGURED' && code !== 'CONTEXT_TOO_LONG'
  return new ProviderError(code, words[code] + (retryable ? wait(fault) : ''), fault, retryable)
}

type Told = 'MODEL_RATE_LIMITED' | 'MODEL_UNAVAILABLE' | 'MODEL_MISCONFIGURED' | 'CONTEXT_TOO_LONG'

const words = {
  MODEL_RATE_LIMITED: 'The model is busy right now.',
  MODEL_UNAVAILABLE: 'The model cannot be reached right now.',
  MODEL_MISCONFIGURED: 'The model is not set up correctly. Whoever runs this server finds the reason in its log.',
  CONTEXT_TOO_LONG: 'This conversation has become too long for the model.',
} satisfies Record<Told, string> & Partial<Record<RunFailureCode, string>>

const withheld = new Set([
  'content_filter',
  'content_policy_violation',
  'bio_policy',
  'misalignment_policy_violation',
  'invalid_prompt',
])

const tooLong =
  /context_length_exceeded|exceed_context_size|context (length|window|size)|maximum context|prompt is too long/i

function codeOf(fault: ProviderFault): Told {
  const { code, type, message } = fault
  const status = fault.status ?? (typeof code === 'number' ? code : undefined)
  const said = `${code ?? ''} ${type ?? ''}`
  if (isQuota(fault) || status === 429 || /rate_limit|too_many_requests/.test(said)) return 'MODEL_RATE_LIMITED'
  if (status === 413 || tooLong.test(`${said} ${message}`)) return 'CONTEXT_TOO_LONG'
  if (status === undefined) return /invalid|not_found/.test(said) ? 'MODEL_MISCONFIGURED' : 'MODEL_UNAVAILABLE'
  return status >= 500 || status === 408 || status === 409 ? 'MODEL_UNAVAILABLE' : 'MODEL_MISCONFIGURED'
}

/** An account that is used up says 429 too, and waiting does not fill it. */
function isQuota({ status, code, type }: ProviderFault): boolean {
  return status === 402 || code === 'insufficient_quota' || type === 'insufficient_quota'
}

function described({ status, code, type, param, message }: ProviderFault): string {
  const details = Object.entries({ status, code, type, param }).filter(([, value]) => value != null && value !== '')
  const more = details.map(([name, value]) => `${name}: ${String(value)}`).join(', ')
  return more ? `${message} (${more})` : message
}

function wait({ waitMs }: ProviderFault): string {
  if (!waitMs) return ''
  const seconds = secondsOf(waitMs)
  const [amount, unit] =
    seconds < 120
      ? [seconds, 'second']
      : seconds < 7200
        ? [Math.ceil(seconds / 60), 'minute']
        : [Math.ceil(seconds / 3600), 'hour']
  return ` It asks to wait for ${amount} ${unit}${amount === 1 ? '' : 's'}.`
}

/** Never too short, and no more than GraphQL can tell. */
const secondsOf = (waitMs: number) => Math.min(Math.ceil(waitMs / 1_000), 2 ** 31 - 1)
