const chatkitHost = 'https://cdn.platform.openai.com'

/** What a page may load and who may hold it. Scripts run with this response's nonce, or come from ChatKit's host. */
export function contentSecurityPolicy(nonce: string, { dev = false } = {}): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' ${chatkitHost}`,
    "script-src-attr 'none'",
    // Vite's client adds style elements without a nonce.
    dev ? "style-src 'self' 'unsafe-inline'" : `style-src-elem 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    `frame-src ${chatkitHost}`,
    `connect-src 'self'${dev ? ' ws:' : ''}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Sets what every page has. Pages show a person's own data, so no cache keeps them. */
export function secure(response: Response, nonce: string, options?: { dev?: boolean }): Response {
  const { headers } = response
  headers.set('content-security-policy', contentSecurityPolicy(nonce, options))
  headers.set('x-content-type-options', 'nosniff')
  headers.set('referrer-policy', 'same-origin')
  // On every page: who comes to the chat by a link keeps the document, and with it the policy, of where they came from.
  headers.set('permissions-policy', `camera=(), geolocation=(), microphone=(self "${chatkitHost}")`)
  headers.set('cross-origin-opener-policy', 'same-origin')
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  return response
}
