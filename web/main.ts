import { serve } from '@hono/node-server'
import { createWeb } from './server.ts'

/** The program for pages alone: a web process of its own that asks the API at API_URL. */
async function main(): Promise<void> {
  const {
    API_URL,
    PARLEY_URL,
    PARLEY_CHATKIT_DOMAIN_KEY = 'local-dev',
    PORT = '3000',
    HOST = '127.0.0.1',
  } = process.env
  if (!API_URL) throw new Error('API_URL: is required, the address at which this process reaches the API')
  const web = await createWeb()
  const context = {
    api: (request: Request) => forward(request, API_URL, PARLEY_URL),
    chatkitDomainKey: PARLEY_CHATKIT_DOMAIN_KEY,
  }
  serve({ port: Number(PORT), hostname: HOST, fetch: (request) => web.fetch(request, context) })
  console.log(`The pages of Parley are served on ${HOST}:${PORT}, with the API at ${API_URL}.`)
}

/** The same request to where the API is, under the public name by which the API knows itself. */
function forward(request: Request, apiUrl: string, publicUrl = apiUrl): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const headers = new Headers(request.headers)
  headers.set('host', new URL(publicUrl).host)
  const { method, body, signal } = request
  return fetch(new URL(pathname + search, apiUrl), {
    method,
    headers,
    body,
    signal,
    redirect: 'manual',
    duplex: 'half',
  } as RequestInit)
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
