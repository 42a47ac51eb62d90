import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createRequestHandler, type ServerBuild } from '@remix-run/node'
import { createServer } from 'vite'
import { secure } from './security-headers.ts'
import { createNonce, type Web } from './server.ts'

export type DevWeb = Web & {
  /** Serves Vite's own paths and the app's modules; calls `next` for everything else. API paths must not come here. */
  middleware: (request: IncomingMessage, response: ServerResponse, next: () => void) => void
  close: () => Promise<void>
}

/** The web app from its sources, with hot reload over the given server: no second port. */
export async function createDevWeb(server: Server): Promise<DevWeb> {
  const vite = await createServer({
    root: fileURLToPath(new URL('..', import.meta.url)),
    configFile: 'web/vite.config.ts',
    server: { middlewareMode: true, hmr: { server } },
    appType: 'custom',
  })
  const build = async () => (await vite.ssrLoadModule('virtual:remix/server-build')) as ServerBuild
  const page = createRequestHandler(build, 'development')
  return {
    middleware: vite.middlewares,
    async fetch(request, context) {
      const nonce = createNonce()
      return secure(await page(request, { ...context, nonce }), nonce, { dev: true })
    },
    close: () => vite.close(),
  }
}
