import { accessToken } from './api.ts'
import { Failure, inWords } from './failure.ts'

/** What the server takes, for the dialog that chooses files. */
export const attachable = '.png,.jpg,.jpeg,.gif,.webp,.pdf,.json,.txt,.md,.csv,image/*,text/*'
export const maxFileBytes = 10_485_760
export const maxFiles = 10

/** A file that is there for a message to name. */
export type UploadedFile = {
  id: string
  name: string
  mediaType: string
  size: number
  /** Where a picture can be seen, for an hour at least. */
  url: string | null
}

type Watch = { onProgress: (fraction: number) => void; signal: AbortSignal }

/**
 * Brings a file to the server, once more when only the token had ended. `onProgress` hears from 0 to 1. Rejects with a
 * `Failure`: its code is the server's, or NETWORK.
 */
export async function upload(file: File, watch: Watch): Promise<UploadedFile> {
  try {
    return await attempt(file, watch, await accessToken())
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'UNAUTHENTICATED') throw error
    return attempt(file, watch, await accessToken({ renew: true }))
  }
}

/** Not by `fetch`: that does not say how much has gone. */
function attempt(file: File, { onProgress, signal }: Watch, token: string): Promise<UploadedFile> {
  const { promise, resolve, reject } = Promise.withResolvers<UploadedFile>()
  const request = new XMLHttpRequest()
  const broken = () => reject(new Failure('NETWORK', inWords('NETWORK')))
  request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0)
  request.onload = () => {
    const answer = parse(request.responseText)
    if (request.status === 201 && answer?.id) return resolve(uploaded(file, answer))
    const code = answer?.error?.code ?? (request.status === 413 ? 'PAYLOAD_TOO_LARGE' : 'NETWORK')
    reject(new Failure(code, inWords(code, answer?.error?.message)))
  }
  request.onerror = broken
  request.onabort = broken
  signal.addEventListener('abort', () => request.abort(), { once: true })
  request.open('POST', '/attachments')
  request.setRequestHeader('authorization', `Bearer ${token}`)
  const form = new FormData()
  form.append('file', file)
  request.send(form)
  return promise
}

type Answer = {
  id?: string
  name?: string
  mime_type?: string
  preview_url?: string
  error?: { code?: string; message?: string }
}

function parse(text: string): Answer | null {
  try {
    return JSON.parse(text) as Answer
  } catch {
    return null
  }
}

const uploaded = (file: File, { id = '', name, mime_type, preview_url }: Answer): UploadedFile => ({
  ...{ id, name: name ?? file.name, mediaType: mime_type ?? file.type, size: file.size },
  url: preview_url ?? null,
})

/**
 * An address of ours on the origin that this page came from: the server knows one name of itself, and the page may have been
 * opened by another, from which nothing foreign is loaded.
 */
export function onThisOrigin(url: string): string {
  const { pathname, search } = new URL(url, 'http://unused.invalid')
  return pathname + search
}
