import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

const types: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

type StaticFile = { body: Buffer; etag: string; encodings: Map<string, Buffer> }

/**
 * Serves the files of a folder that does not change while the process lives, from memory. Answers null for every other path,
 * so that nothing outside the folder can be asked for.
 */
export async function createStaticFiles(folder: string) {
  const files = await readFiles(folder)
  return (request: Request): Response | null => {
    const { pathname } = new URL(request.url)
    const file = files.get(pathname)
    if (!file || (request.method !== 'GET' && request.method !== 'HEAD')) return null
    const headers = new Headers({
      'content-type': types[path.extname(pathname)] ?? 'application/octet-stream',
      // What lies in assets/ has its hash in its name.
      'cache-control': pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
      'x-content-type-options': 'nosniff',
      etag: file.etag,
      vary: 'accept-encoding',
    })
    if (request.headers.get('if-none-match') === file.etag) return new Response(null, { status: 304, headers })
    const accepted = request.headers.get('accept-encoding') ?? ''
    const encoding = [...file.encodings.keys()].find((it) => accepted.includes(it))
    if (encoding) headers.set('content-encoding', encoding)
    const body = (encoding && file.encodings.get(encoding)) || file.body
    headers.set('content-length', String(body.byteLength))
    return new Response(request.method === 'HEAD' ? null : new Uint8Array(body), { headers })
  }
}

async function readFiles(folder: string): Promise<Map<string, StaticFile>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const names = entries
    .filter((it) => it.isFile())
    .map((it) => path.relative(folder, path.join(it.parentPath, it.name)))
  const bodies = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name))] as const)),
  )
  const files = new Map<string, StaticFile>()
  for (const [name, body] of bodies) {
    if (/\.(br|gz)$/.test(name)) continue
    const encodings = new Map<string, Buffer>()
    for (const [suffix, encoding] of [
      ['br', 'br'],
      ['gz', 'gzip'],
    ] as const) {
      const encoded = bodies.get(`${name}.${suffix}`)
      if (encoded) encodings.set(encoding, encoded)
    }
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    files.set(`/${name.split(path.sep).join('/')}`, { body, etag, encodings })
  }
  return files
}
