import type { IncomingMessage, ServerResponse } from 'node:http'
import { createDevWeb, type DevWeb } from '../web/dev.ts'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { listen } from './listen.ts'

const apiPath = /^\/(graphql|chatkit|mcp|api|healthz|readyz)(\/|\?|$)/

/** The program for development: pages from their sources with hot reload, on the same port as the API. */
async function main(): Promise<void> {
  const config = readConfig(process.env)
  let web: DevWeb | undefined
  const notYet = async () => new Response('The pages are starting.', { status: 503 })
  const app = await createApp(config, { pages: (request, context) => (web ? web.fetch(request, context) : notYet()) })
  const { server } = await listen({ ...config, fetch: (request, address) => app.fetch(request, address) })
  const vite = await createDevWeb(server)
  web = vite
  const [serve] = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[]
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    const pass = () => serve?.(request, response)
    if (apiPath.test(request.url ?? '')) pass()
    else vite.middleware(request, response, pass)
  })
  console.log(`\n  Parley is ready: ${config.url} (development)\n`)
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void app.close().finally(() => process.exit(0)))
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
