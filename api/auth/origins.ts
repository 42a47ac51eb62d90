const loopback = ['localhost', '127.0.0.1', '[::1]']

/** Which pages may use a cookie: those of the public origin, in development also our own under the names of this machine. */
export type Origins = (origin: string | null, request: Request) => boolean

export function createOrigins({ url, production }: { url: string; production: boolean }): Origins {
  const own = new URL(url).origin
  return (origin, request) => {
    if (origin === own) return true
    if (production || origin === null || !URL.canParse(origin)) return false
    const { protocol, hostname, port } = new URL(origin)
    return protocol === 'http:' && loopback.includes(hostname) && port === new URL(request.url).port
  }
}
