import { AppError, badInput } from '../errors.ts'
import { type ChatkitRequest, chatkitRequest } from './protocol.ts'

/** The request in the body. Throws PAYLOAD_TOO_LARGE without reading on, and BAD_USER_INPUT with the path of the first fault. */
export async function readRequest(request: Request, bodyBytes: number): Promise<ChatkitRequest> {
  const { success, data, error } = chatkitRequest.safeParse(parse(await readText(request, bodyBytes)))
  if (success) return data
  const [fault] = error.issues
  throw badInput(fault?.path.map(String) ?? [], fault?.message ?? 'is not a request')
}

/** Throws METHOD_NOT_ALLOWED and UNSUPPORTED_MEDIA_TYPE: what can be refused without reading the body. */
export function checkForm(request: Request): void {
  if (request.method !== 'POST') throw new AppError('METHOD_NOT_ALLOWED', 'Only POST is served here.')
  const mediaType = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json')
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The content type must be application/json.')
}

async function readText(request: Request, limit: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  for await (const chunk of limited(request, limit, 'bodyBytes'))
    text += decode(() => decoder.decode(chunk, { stream: true }))
  return text + decode(() => decoder.decode())
}

/** The whole body. Throws PAYLOAD_TOO_LARGE without reading on. */
export async function readBytes(request: Request, limit: number, limitName: string): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(limited(request, limit, limitName)))
}

async function* limited(request: Request, limit: number, limitName: string): AsyncGenerator<Uint8Array, void> {
  const announced = Number(request.headers.get('content-length') ?? 0)
  if (announced > limit) throw tooLarge(limit, limitName)
  let bytes = 0
  for await (const chunk of chunksOf(request.body)) {
    bytes += chunk.byteLength
    if (bytes > limit) throw tooLarge(limit, limitName)
    yield chunk
  }
}

/** What is left when the loop ends early is not read. */
async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array, void> {
  const reader = body?.getReader()
  try {
    for (let next = await reader?.read(); next?.value; next = await reader?.read()) yield next.value
  } finally {
    await reader?.cancel()
  }
}

function tooLarge(limit: number, limitName: string): AppError {
  return new AppError('PAYLOAD_TOO_LARGE', `The request has more than ${limit} bytes.`, { limit, limitName })
}

function decode(part: () => string): string {
  try {
    return part()
  } catch {
    throw badInput(['body'], 'is not UTF-8')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw badInput(['body'], 'is not JSON')
  }
}
