import { createWeb } from '../web/server.ts'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { listen } from './listen.ts'

/** Starts the process: reads the configuration, assembles the app, listens, and closes on a signal. */
async function main(): Promise<void> {
  const config = readConfig(process.env)
  const web = await createWeb()
  const app = await createApp(config, { pages: web.fetch })
  const server = await listen({
    ...{ host: config.host, port: config.port, stallSeconds: config.limits.stallSeconds },
    fetch: (request, address) => app.fetch(request, address),
  })
  console.log(greeting(config.url, config.model.names[0] === 'offline'))

  let closing = false
  const close = async () => {
    if (closing) return
    closing = true
    console.log('Stopping: answers that are being made get a moment to finish.')
    setTimeout(() => process.exit(1), config.limits.exitSeconds * 1_000).unref()
    await app.close()
    await server.close()
    process.exit(0)
  }
  process.on('SIGTERM', () => void close())
  process.on('SIGINT', () => void close())
}

function greeting(url: string, offline: boolean): string {
  return [
    '',
    `  Parley is ready: ${url}`,
    `  GraphiQL:        ${url}/graphql`,
    ...(offline
      ? [
          '',
          '  No model is connected: the offline assistant answers. Set OPENAI_API_KEY, or OPENAI_BASE_URL, to change that.',
        ]
      : []),
    '',
  ].join('\n')
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
