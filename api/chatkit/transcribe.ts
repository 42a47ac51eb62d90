import type { Rates } from '../auth/rates.ts'
import type { Viewer } from '../auth/viewer.ts'
import { AppError, badInput } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { Model, Recording } from '../runs/model.ts'
import { RunError } from '../runs/run-failure.ts'
import type { RequestOf } from './protocol.ts'

/**
 * What a person said, as text. It counts as a message sent: a model is paid for it. CONFLICT when this server has no model
 * that could write it down, BAD_USER_INPUT for what is no recording, PAYLOAD_TOO_LARGE for one that is too long,
 * RATE_LIMITED for one too many in a minute, OVERLOADED when the model fails.
 */
export async function transcribe(
  { model, rates }: { model: Pick<Model, 'transcribe'>; rates: Pick<Rates, 'take'> },
  viewer: Viewer,
  { params }: RequestOf<'input.transcribe'>,
  { recordingBytes }: Pick<Limits, 'recordingBytes'>,
  signal: AbortSignal,
): Promise<{ text: string }> {
  if (!model.transcribe) throw new AppError('CONFLICT', 'Dictation is not set up on this server.')
  const recording = readRecording(params.audio_base64, params.mime_type)
  const actual = recording.bytes.length
  if (actual > recordingBytes)
    throw new AppError('PAYLOAD_TOO_LARGE', `A recording has at most ${recordingBytes} bytes.`, {
      ...{ limit: recordingBytes, limitName: 'recordingBytes', actual },
    })
  await rates.take(viewer, 'sendsPerMinute')
  try {
    return { text: await model.transcribe(recording, signal) }
  } catch (error) {
    if (error instanceof RunError) throw new AppError('OVERLOADED', error.message)
    throw error
  }
}

/** The containers that browsers record, known by their first bytes in hexadecimal. */
const beginnings: [Recording['mediaType'], RegExp][] = [
  ['audio/webm', /^1a45dfa3/],
  ['audio/ogg', /^4f676753/],
  ['audio/mp4', /^.{8}66747970/],
]

function readRecording(base64: string, announced: string): Recording {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw badInput(['params', 'audio_base64'], 'is not base64')
  const bytes = Buffer.from(base64, 'base64')
  const head = bytes.subarray(0, 16).toString('hex')
  const mediaType = beginnings.find(([, beginning]) => beginning.test(head))?.[0]
  if (!mediaType) throw badInput(['params', 'audio_base64'], 'is no WebM, Ogg or MP4 recording')
  if (announced.split(';', 1)[0]?.trim().toLowerCase() !== mediaType)
    throw badInput(['params', 'mime_type'], `must be ${mediaType}`)
  return { bytes, mediaType }
}
