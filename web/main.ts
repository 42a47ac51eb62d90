import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { buffer } from 'node:stream/consumers'
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
  const chatkitDomainKey = PARLEY_CHATKIT_DOMAIN_KEY
  const options: Parameters<typeof serve>[0] = {
    ...{ port: Number(PORT), hostname: HOST },
    fetch: (request, { incoming }) => {
      const address = incoming.socket.remoteAddress
      const api = (asked: Request) => forward(withAddress(asked, address), API_URL, PARLEY_URL)
      return web.fetch(request, { api, chatkitDomainKey })
    },
  }
  serve(options, () => {
    console.log(`The pages of Parley are served on ${HOST}:${PORT}, with the API at ${API_URL}.`)
  })
}

/** Whose request it is, as proxies say it: without this, what the browser says of itself would be believed. */
function withAddress(request: Request, address: string | undefined): Request {
  const before = request.headers.get('x-forwarded-for')
  if (address) request.headers.set('x-forwarded-for', before ? `${before}, ${address}` : address)
  return request
}

/**
 * The same request to where the API is, under the public name by which the API knows itself. Not by `fetch`, which lets
 * nobody say another name than the address's.
 */
async function forward(request: Request, apiUrl: string, publicUrl = apiUrl): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const { method, signal } = request
  const ask = apiUrl.startsWith('https:') ? https.request : http.request
  const headers = { ...Object.fromEntries(request.headers), host: new URL(publicUrl).host }
  const sent = Buffer.from(await request.arrayBuffer())
  const asked = ask(new URL(pathname + search, apiUrl), { method, headers, signal })
  // Once there is an answer nobody else listens here, and the connection can fail all the same.
  asked.on('error', () => {})
  asked.end(sent)
  const [answer]: IncomingMessage[] = await once(asked, 'response')
  if (!answer?.statusCode) throw new Error('The API gave no answer.')
  const body = [204, 304].includes(answer.statusCode) ? null : new Uint8Array(await buffer(answer))
  return new Response(body, { status: answer.statusCode, headers: headersOf(answer) })
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(headersDistinct))
    if (name !== 'transfer-encoding' && name !== 'connection') for (const value of values) headers.append(name, value)
  return headers
}

/** A promise that failed while nobody waited for it costs the page that it was for, not the pages of everybody else. */
process.on('unhandledRejection', (error: unknown) => {
  const said = error instanceof Error ? (error.stack ?? error.message) : String(error)
  console.error(`uncaught: ${said.slice(0, 2_000)}`)
})

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
