import { AppError } from '../errors.ts'

const sayAgainMs = 60_000
const saidAt = { host: Number.NEGATIVE_INFINITY, page: Number.NEGATIVE_INFINITY }

/** The refusal of a request for another name than ours. */
export function foreignHost(request: Request): AppError {
  say('host', `a request for the host ${quoted(new URL(request.url).host)}`)
  return new AppError('MISDIRECTED_REQUEST', 'This server does not serve that host (its address is set in PARLEY_URL).')
}

/** The refusal of a request that uses a cookie, or wants one, from a page that is none of ours. */
export function foreignPage(request: Request): AppError {
  const origin = request.headers.get('origin')
  say('page', origin === null ? 'a request that names no page' : `a request from a page of ${quoted(origin)}`)
  return new AppError(
    'CSRF_REJECTED',
    'This request must come from a page of this site (its address is set in PARLEY_URL).',
  )
}

/** Mostly it is the setting that is wrong, and then everybody meets it: so it is said, but once a minute. */
function say(what: keyof typeof saidAt, words: string): void {
  const now = performance.now()
  if (now - saidAt[what] < sayAgainMs) return
  saidAt[what] = now
  console.error(`refused: ${words}. The address of this server is set in PARLEY_URL.`)
}

/** Strangers choose it. */
const quoted = (text: string) => JSON.stringify(text.slice(0, 200))
