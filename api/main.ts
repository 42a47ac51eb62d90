import { createWeb, type Web } from '../web/server.ts'
import { type App, createApp } from './app.ts'
import { type Config, readConfig } from './config.ts'
import { type Listening, listen } from './listen.ts'
import { diskWasFull } from './outage.ts'

/** 75 is EX_TEMPFAIL of sysexits.h: the same again may work later. */
const exitCodes = { diskFull: 75 }

/** A terminal and what was started from it both pass Ctrl-C on: within so long the same signal again is no second one. */
const repeatMs = 500

/** The program: reads the configuration, assembles the app, listens, and closes on a signal. `api` leaves the pages out. */
async function main([what]: string[]): Promise<void> {
  const config = readConfig(process.env)
  // The pages may have to be built and the database to be made: both at once.
  const app = await together(what === 'api' ? undefined : createWeb(), config)
  const { host, port, limits } = config
  const fetch = (request: Request, address?: string) => app.fetch(request, address)
  const server = await listen({ host, port, limits, fetch })
  console.log(greeting(config))
  closeOnSignal(config, app, server)
}

async function together(pages: Promise<Web> | undefined, config: Config): Promise<App> {
  const app = createApp(config, { pages: pages && (async (...request) => (await pages).fetch(...request)) })
  return (await Promise.all([app, pages]))[0]
}

/**
 * The first signal lets running answers finish or hands them over; what takes too long is cut off, and so is everything
 * by a second signal. An error that was thrown past everybody does as the first one, since nobody knows what it left
 * behind.
 */
function closeOnSignal({ limits, databaseUrl }: Config, app: App, server: Listening): void {
  let closing = false
  const close = async (code: number) => {
    if (closing) return
    closing = true
    console.log('Stopping: answers that are being made get a moment to finish.')
    setTimeout(() => process.exit(1), limits.exitSeconds * 1_000).unref()
    await app.close().catch(complain)
    await server.close()
    process.exit(code)
  }
  let signalledAt: number | undefined
  const hear = () => {
    const now = performance.now()
    if (signalledAt !== undefined && now - signalledAt > repeatMs) process.exit(1)
    signalledAt ??= now
    void close(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, hear)
  // The embedded database cannot go on by itself then; whoever supervises us starts us anew when there is room.
  if (!databaseUrl) void diskWasFull.then(() => close(exitCodes.diskFull))
  process.on('uncaughtException', (error) => {
    complain(error)
    void close(1)
  })
}

/** A promise that failed while nobody waited for it costs whatever it was for, not the answers of everybody else. */
process.on('unhandledRejection', complain)

function complain(error: unknown): void {
  console.error(
    `uncaught: ${(error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, 2_000)}`,
  )
}

function greeting({ url, model }: Config): string {
  const offline = model.names[0] === 'offline'
  const hint =
    'No model is connected: the offline assistant answers. Set OPENAI_API_KEY or OPENAI_BASE_URL to change that.'
  return [
    '',
    `  Parley is ready: ${url}`,
    `  GraphiQL:        ${url}/graphql`,
    ...(offline ? ['', `  ${hint}`] : []),
    '',
  ].join('\n')
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
