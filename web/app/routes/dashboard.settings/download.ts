import { Failure, inWords } from '~/failure.ts'

export type Progress = { conversations: number; total: number; bytes: number }

const spillBytes = 8 * 1_048_576

/**
 * Fetches an export and hands it to the browser as a file, telling how far it is. What has come is given to the browser in
 * pieces, which keeps large ones on the disk. Rejects with a `Failure`, or as aborted; then there is no file.
 */
export async function download(
  format: 'jsonl' | 'markdown',
  { signal, tell }: { signal: AbortSignal; tell: (progress: Progress) => void },
): Promise<void> {
  const response = await fetch(`/export?format=${format}`, { signal }).catch((error: unknown) => {
    throw signal.aborted ? error : new Failure('NETWORK', inWords('NETWORK'))
  })
  if (!response.ok || !response.body) throw await failureIn(response)
  const progress = { conversations: 0, total: Number(response.headers.get('x-parley-conversations')), bytes: 0 }
  const [type, decoder] = [response.headers.get('content-type') ?? '', new TextDecoder()]
  const blobs: Blob[] = []
  let [waiting, waitingBytes, rest]: [Uint8Array<ArrayBuffer>[], number, string] = [[], 0, '']
  const spill = () => {
    blobs.push(new Blob(waiting))
    ;[waiting, waitingBytes] = [[], 0]
  }
  const reader = response.body.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    waiting.push(read.value)
    waitingBytes += read.value.byteLength
    if (waitingBytes >= spillBytes) spill()
    const lines = (rest + decoder.decode(read.value, { stream: true })).split('\n')
    rest = (lines.pop() ?? '').slice(0, 100)
    progress.conversations += lines.filter((line) => line.startsWith('{"type":"end"')).length
    progress.bytes += read.value.byteLength
    tell({ ...progress })
  }
  spill()
  save(new Blob(blobs, { type }), format === 'jsonl' ? 'parley-export.jsonl' : 'parley-export.md')
}

async function failureIn(response: Response): Promise<Failure> {
  const body = (await response.json().catch(() => null)) as { error?: { code: string; message: string } } | null
  const code = body?.error?.code ?? 'INTERNAL_SERVER_ERROR'
  return new Failure(code, inWords(code, body?.error?.message))
}

function save(blob: Blob, name: string): void {
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name })
  link.click()
  // The browser has taken hold of it when the click was handled.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
