import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createRequestHandler, type ServerBuild } from '@remix-run/node'
import { buildWeb } from './build.ts'
import type { WebContext } from './load-context.ts'
import { secure } from './security-headers.ts'
import { createStaticFiles } from './static-files.ts'

export type Web = {
  /** Answers with a file, a page or a page's data; never rejects because of a page. */
  fetch: (request: Request, context: WebContext) => Promise<Response>
}

/** The web app as it was built. Builds it first when its sources changed, unless told not to. */
export async function createWeb({ build = true } = {}): Promise<Web> {
  if (build) await buildWeb()
  const folder = fileURLToPath(new URL('./build', import.meta.url))
  const files = await createStaticFiles(path.join(folder, 'client'))
  const bundle: ServerBuild = await import(pathToFileURL(path.join(folder, 'server/index.js')).href)
  const page = createRequestHandler(bundle, 'production')
  return {
    async fetch(request, context) {
      const file = files(request)
      if (file) return file
      const nonce = createNonce()
      return secure(await page(request, { ...context, nonce }), nonce)
    },
  }
}

/** Unguessable, and new for each response. */
export const createNonce = () => randomBytes(16).toString('base64url')
