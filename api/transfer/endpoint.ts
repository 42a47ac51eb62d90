import { Readable } from 'node:stream'
import type { ReadableStream as WebStream } from 'node:stream/web'
import { requireScopes } from '../auth/require-scopes.ts'
import type { StreamPlaces } from '../auth/stream-places.ts'
import { toldRefusal } from '../auth/told-refusal.ts'
import type { Units } from '../auth/units.ts'
import type { Viewer } from '../auth/viewer.ts'
import { ownConversation } from '../conversations/conversations.ts'
import { AppError, badInput, notFound } from '../errors.ts'
import { internalId } from '../ids.ts'
import type { Limits } from '../limits.ts'
import { countExported, exportLines } from './export.ts'
import type { Imports } from './imports.ts'
import { exportMarkdown } from './markdown.ts'

export type TransferParts = {
  units: Units
  imports: Imports
  /** A download takes one of them, as long as it lasts. */
  places: Pick<StreamPlaces, 'take'>
  authenticate(request: Request): Promise<Viewer>
  /** Whether the viewer's session or key is still there: downloads outlive the request that began them. */
  stillSignedIn(viewer: Viewer): Promise<boolean>
  limits: Limits
}

export type TransferEndpoint = {
  /**
   * `GET /export?format=jsonl|markdown[&conversation=conv_…]` streams a download; `POST /import` takes the file itself as
   * the body, and answers with the job to watch. Never rejects.
   */
  handle(request: Request): Promise<Response>
  /** Cuts downloads that are under way, which whoever reads them notices. */
  close(): Promise<void>
}

export function createTransferEndpoint(parts: TransferParts): TransferEndpoint {
  const downloads = new Set<Readable>()
  return {
    async handle(request) {
      try {
        const { pathname } = new URL(request.url)
        if (pathname === '/export' && request.method === 'GET') return await download(parts, downloads, request)
        if (pathname === '/import' && request.method === 'POST') return await upload(parts, request)
        throw new AppError('METHOD_NOT_ALLOWED', 'GET /export and POST /import are served here.')
      } catch (error) {
        const isUnknown = error instanceof AppError && error.code === 'UNAUTHENTICATED'
        return toldRefusal(error, 'transfer', isUnknown ? { 'www-authenticate': 'Bearer' } : {})
      }
    },
    async close() {
      const closed = [...downloads].map((it) => new Promise((resolve) => it.once('close', resolve)))
      for (const it of downloads) it.destroy(new AppError('DRAINING', 'The server is stopping.'))
      await Promise.all(closed)
    },
  }
}

const formats = {
  jsonl: { type: 'application/x-ndjson; charset=utf-8', name: 'parley-export.jsonl' },
  markdown: { type: 'text/markdown; charset=utf-8', name: 'parley-export.md' },
} as const

/** So often a download looks whether its reader may still read. */
const lookMs = 30_000

async function download(
  { units, places, authenticate, stillSignedIn }: TransferParts,
  downloads: Set<Readable>,
  request: Request,
): Promise<Response> {
  const viewer = await authenticate(request)
  requireScopes(viewer, ['conversations:read'])
  const asked = new URL(request.url).searchParams
  const format = asked.get('format') ?? 'jsonl'
  if (format !== 'jsonl' && format !== 'markdown') throw badInput(['format'], 'must be jsonl or markdown')
  const conversationId = await wanted(units, viewer, asked.get('conversation'))
  const total = conversationId ? 1 : await countExported(units.as(viewer), viewer)
  const pieces =
    format === 'jsonl'
      ? asText(exportLines(units, viewer, { conversationId }))
      : exportMarkdown(units, viewer, { conversationId })
  const { type, name } = formats[format]
  const giveBack = places.take(viewer.id)
  const file = Readable.from(asBytes(pieces))
  downloads.add(file)
  const timer = setInterval(async () => {
    // Who cannot be asked is not told off: it is asked again.
    if (!(await stillSignedIn(viewer).catch(() => true))) file.destroy(sessionExpired())
  }, lookMs).unref()
  file.once('close', () => {
    clearInterval(timer)
    downloads.delete(file)
    giveBack()
  })
  return new Response(Readable.toWeb(file) as ReadableStream<Uint8Array<ArrayBuffer>>, {
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-parley-conversations': String(total),
    },
  })
}

const sessionExpired = () => new AppError('SESSION_EXPIRED', 'The credential has ended. Sign in and begin again.')

/** Refused before the first byte. */
async function wanted(units: Units, viewer: Viewer, id: string | null): Promise<string | null> {
  if (id === null) return null
  const found = internalId('conv', id)
  if (!found) throw notFound('conversation')
  return (await ownConversation(units.as(viewer), viewer, found)).id
}

export async function* asText(lines: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`
}

const chunkCharacters = 65_536

async function* asBytes(pieces: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  let waiting = ''
  for await (const piece of pieces) {
    waiting += piece
    if (waiting.length < chunkCharacters) continue
    yield encoder.encode(waiting)
    waiting = ''
  }
  if (waiting !== '') yield encoder.encode(waiting)
}

const types = ['application/json', 'application/x-ndjson', 'application/jsonl', 'application/octet-stream']

async function upload({ imports, authenticate, limits }: TransferParts, request: Request): Promise<Response> {
  const viewer = await authenticate(request)
  requireScopes(viewer, ['conversations:write'])
  const [type = ''] = (request.headers.get('content-type') ?? '').split(';')
  if (!types.includes(type.trim().toLowerCase()))
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', `The content type must be one of ${types.join(', ')}.`)
  const job = await imports.start(viewer, () => textOf(request, limits.importBytes))
  return Response.json(
    { import: { id: job.id, status: job.status } },
    { status: 202, headers: { 'cache-control': 'no-store' } },
  )
}

/** Stops reading at the limit. */
async function textOf(request: Request, limit: number): Promise<string> {
  const decoder = new TextDecoder()
  let [text, bytes] = ['', 0]
  const body = request.body ? Readable.fromWeb(request.body as WebStream<Uint8Array>) : []
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > limit)
      throw new AppError('PAYLOAD_TOO_LARGE', `The file has more than ${limit} bytes.`, {
        limit,
        limitName: 'importBytes',
      })
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
