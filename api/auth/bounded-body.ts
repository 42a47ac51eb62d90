import { AppError } from '../errors.ts'

/** The body as text, not read beyond the limit. Throws PAYLOAD_TOO_LARGE. */
export async function boundedBody(request: Request, limit: number): Promise<string> {
  const reader = request.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  try {
    for (let next = await reader?.read(); next?.value; next = await reader?.read()) {
      bytes += next.value.byteLength
      if (bytes > limit) throw tooLong(limit)
      text += decoder.decode(next.value, { stream: true })
    }
  } finally {
    await reader?.cancel()
  }
  return text + decoder.decode()
}

function tooLong(limit: number): AppError {
  const details = { limit, limitName: 'bodyBytes' }
  return new AppError('PAYLOAD_TOO_LARGE', `The request has more than ${limit} bytes.`, details)
}
