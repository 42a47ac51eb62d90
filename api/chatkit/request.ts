import { AppError, badInput } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { isTimeZone } from '../runs/time-zone.ts'
import { type ChatkitRequest, chatkitRequest } from './protocol.ts'

type BodyLimits = Pick<Limits, 'bodyBytes' | 'recordingBytes'>

/**
 * The request in the body. Throws PAYLOAD_TOO_LARGE without reading on, and BAD_USER_INPUT with the path of the first fault.
 * A recording may be larger than all else, if its type is said first, as ChatKit does.
 */
export async function readRequest(request: Request, limits: BodyLimits): Promise<ChatkitRequest> {
  const { success, data, error } = chatkitRequest.safeParse(parse(await readText(request, limits)))
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

/** Where the person is, in the words of IANA, as the page says in a header; null when it does not, or says nothing known. */
export function timeZoneIn(headers: Headers): string | null {
  const name = headers.get('x-parley-time-zone')
  return name !== null && isTimeZone(name) ? name : null
}

const beginsRecording = /^\s*\{\s*"type"\s*:\s*"input\.transcribe"/
/** So many bytes of a body say whether it is a recording. */
const beginning = 100

async function readText(request: Request, { bodyBytes, recordingBytes }: BodyLimits): Promise<string> {
  const usual = { limit: bodyBytes, limitName: 'bodyBytes' }
  // As base64, and the rest of the request around it.
  const longest = { limit: bodyBytes + Math.ceil(recordingBytes / 3) * 4, limitName: 'recordingBytes' }
  let head = ''
  const mostFor = (chunk: Uint8Array) => {
    if (head.length < beginning) head += Buffer.from(chunk.subarray(0, beginning)).toString('latin1')
    const most = beginsRecording.test(head) ? longest : usual
    if (head.length >= beginning && announced(request) > most.limit) throw tooLarge(most)
    return most
  }
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  for await (const chunk of limited(request, mostFor)) text += decode(() => decoder.decode(chunk, { stream: true }))
  return text + decode(() => decoder.decode())
}

/** The whole body. Throws PAYLOAD_TOO_LARGE without reading on. */
export async function readBytes(request: Request, limit: number, limitName: string): Promise<Uint8Array> {
  const most = { limit, limitName }
  if (announced(request) > limit) throw tooLarge(most)
  return Buffer.concat(await Array.fromAsync(limited(request, () => most)))
}

type Most = { limit: number; limitName: string }

const announced = ({ headers }: Request) => Number(headers.get('content-length') ?? 0)

/** The body piece by piece; what it may have at most can depend on how it begins. */
async function* limited(request: Request, mostFor: (chunk: Uint8Array) => Most): AsyncGenerator<Uint8Array, void> {
  let bytes = 0
  for await (const chunk of chunksOf(request.body)) {
    const most = mostFor(chunk)
    bytes += chunk.byteLength
    if (bytes > most.limit) throw tooLarge(most)
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

function tooLarge({ limit, limitName }: Most): AppError {
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
