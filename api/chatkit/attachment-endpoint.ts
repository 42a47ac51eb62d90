import { requireScopes } from '../auth/require-scopes.ts'
import type { Units } from '../auth/units.ts'
import type { Viewer } from '../auth/viewer.ts'
import type { AttachmentLinks } from '../conversations/attachment-links.ts'
import { readAttachment, storeBytes, uploadAttachment } from '../conversations/attachments.ts'
import { isImage } from '../conversations/media-type.ts'
import { AppError, badInput, notFound } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { attachmentItem } from './attachment-item.ts'
import { refusal } from './refusal.ts'
import { readBytes } from './request.ts'

export type AttachmentEndpointParts = {
  units: Units
  links: AttachmentLinks
  authenticate(request: Request): Promise<Viewer>
  limits: Limits
}

/** Beside the file a form has its names and boundaries. */
const formOverhead = 16_384

/**
 * Files over plain HTTP: `POST /attachments` takes a form with the field `file` and the caller's credential; `PUT` (the
 * bytes) or `POST` (a form) at a signed address fills a draft; `GET` there reads. Never rejects.
 */
export function createAttachmentEndpoint(parts: AttachmentEndpointParts): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      const answer = await serve(parts, request)
      // A signed address is a credential of its own, and frames of other origins hold it.
      if (isSigned(request)) answer.headers.set('access-control-allow-origin', '*')
      return answer
    } catch (error) {
      const answer = refusal(error)
      if (isSigned(request)) answer.headers.set('access-control-allow-origin', '*')
      return answer
    }
  }
}

const isSigned = ({ url }: Request) => new URL(url).searchParams.has('signature')

async function serve(parts: AttachmentEndpointParts, request: Request): Promise<Response> {
  if (request.method === 'OPTIONS' && isSigned(request)) return preflight()
  if (request.method === 'GET') return read(parts, request)
  if (isSigned(request) && (request.method === 'PUT' || request.method === 'POST')) return fill(parts, request)
  if (request.method === 'POST') return upload(parts, request)
  throw new AppError('METHOD_NOT_ALLOWED', 'Only POST is served here.')
}

function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: { 'access-control-allow-methods': 'GET, PUT, POST', 'access-control-allow-headers': 'content-type' },
  })
}

async function upload({ units, links, authenticate, limits }: AttachmentEndpointParts, request: Request) {
  const viewer = await authenticate(request)
  requireScopes(viewer, ['conversations:write'])
  if (new URL(request.url).pathname !== '/attachments') throw notFound('attachment')
  const { bytes, name, type } = await fileOf(request, limits.attachmentBytes)
  const attachment = await uploadAttachment(units.as(viewer), viewer, limits, { name, mediaType: type, bytes })
  return Response.json(attachmentItem(attachment, links), { status: 201, headers: noStore })
}

async function fill({ units, links, limits }: AttachmentEndpointParts, request: Request): Promise<Response> {
  const { id, viewer } = signedFor(links, request, 'upload')
  const bytes = isForm(request)
    ? (await fileOf(request, limits.attachmentBytes)).bytes
    : await readBytes(request, limits.attachmentBytes, 'attachmentBytes')
  const attachment = await storeBytes(units.as(viewer), viewer, id, bytes)
  return Response.json(attachmentItem(attachment, links), { headers: noStore })
}

/** Nothing of it comes to life: the type is the one that the bytes have, and no script in it runs. */
async function read({ units, links }: AttachmentEndpointParts, request: Request): Promise<Response> {
  const { id, viewer } = signedFor(links, request, 'read')
  const { bytes, mediaType, name } = await readAttachment(units.as(viewer), viewer, id)
  const way = isImage(mediaType) ? 'inline' : 'attachment'
  return new Response(new Uint8Array(bytes ?? []), {
    headers: {
      'content-type': mediaType.startsWith('text/') ? `${mediaType}; charset=utf-8` : mediaType,
      'content-disposition': `${way}; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, (it) => `%${it.charCodeAt(0).toString(16)}`)}`,
      'content-security-policy': "default-src 'none'; sandbox",
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'private, max-age=3600',
      'x-content-type-options': 'nosniff',
    },
  })
}

function signedFor(
  links: AttachmentLinks,
  request: Request,
  purpose: 'read' | 'upload',
): { id: string; viewer: Viewer } {
  const found = links.check(new URL(request.url), purpose)
  if (!found) throw notFound('attachment')
  return { id: found.id, viewer: { id: found.userId, scopes: [] } }
}

const isForm = (request: Request) => /^multipart\/form-data\b/i.test(request.headers.get('content-type') ?? '')

async function fileOf(request: Request, maxBytes: number): Promise<{ bytes: Uint8Array; name: string; type: string }> {
  if (!isForm(request)) throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The content type must be multipart/form-data.')
  const body = await readBytes(request, maxBytes + formOverhead, 'attachmentBytes')
  const headers = { 'content-type': request.headers.get('content-type') ?? '' }
  const form = await new Response(new Uint8Array(body), { headers }).formData().catch(() => {
    throw badInput(['body'], 'is not a form')
  })
  const file = form.get('file')
  if (!(file instanceof File)) throw badInput(['file'], 'is missing')
  return { bytes: new Uint8Array(await file.arrayBuffer()), name: file.name, type: file.type }
}

const noStore = { 'cache-control': 'no-store' }
