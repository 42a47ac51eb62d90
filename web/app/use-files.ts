import { useCallback, useEffect, useRef, useState } from 'react'
import { read, write } from './drafts.ts'
import { Failure, sentenceOf } from './failure.ts'
import { words } from './language.tsx'
import { newKey } from './new-key.ts'
import { maxFileBytes, maxFiles, type UploadedFile, upload } from './upload.ts'

/** A file beside what is being written: on its way, or there. */
export type DraftFile = { key: string; name: string; progress: number; uploaded: UploadedFile | null }

/** Where the files of a draft are kept. The server keeps what was uploaded for a day. */
export const filesKey = (draftKey: string) => `${draftKey}:files`

/** The files of a draft: kept beside its text, so that they are there again after a reload. */
export function useFiles(draftKey: string) {
  const place = filesKey(draftKey)
  const [files, setFiles] = useState<readonly DraftFile[]>([])
  const latest = useRef(files)
  const [failure, setFailure] = useState<string | null>(null)
  const leaving = useRef(new Map<string, AbortController>())

  useEffect(() => {
    latest.current = keptFiles(place).map(draftFile)
    setFiles(latest.current)
  }, [place])
  const change = useCallback(
    (next: (before: readonly DraftFile[]) => readonly DraftFile[]) => {
      latest.current = next(latest.current)
      setFiles(latest.current)
      keepFiles(
        place,
        latest.current.flatMap(({ uploaded }) => uploaded ?? []),
      )
    },
    [place],
  )

  const bring = async (file: File) => {
    const key = newKey()
    const left = new AbortController()
    leaving.current.set(key, left)
    const set = (now: Partial<DraftFile>) =>
      change((before) => before.map((it) => (it.key === key ? { ...it, ...now } : it)))
    change((before) => [...before, { key, name: file.name, progress: 0, uploaded: null }])
    try {
      set({ uploaded: await upload(file, { onProgress: (progress) => set({ progress }), signal: left.signal }) })
    } catch (error) {
      change((before) => before.filter((it) => it.key !== key))
      if (!left.signal.aborted) setFailure(notTaken(file, error))
    } finally {
      leaving.current.delete(key)
    }
  }
  const add = (chosen: readonly File[]) => {
    setFailure(null)
    const room = maxFiles - latest.current.length
    if (chosen.length > room) setFailure(words()('files.tooMany', { count: maxFiles }))
    for (const file of chosen.slice(0, Math.max(0, room))) {
      const wrong = file.size > maxFileBytes ? 'files.tooLarge' : file.size === 0 ? 'files.empty' : null
      if (wrong) setFailure(words()(wrong, { name: file.name }))
      else void bring(file)
    }
  }
  const remove = (key: string) => {
    leaving.current.get(key)?.abort()
    setFailure(null)
    change((before) => before.filter((it) => it.key !== key))
  }
  /** They were sent, or came back from a message that was not. */
  const replace = useCallback((uploaded: readonly UploadedFile[]) => change(() => uploaded.map(draftFile)), [change])
  const ready = files.every(({ uploaded }) => uploaded)
  return { files, ready, failure, add, remove, replace }
}

const draftFile = (uploaded: UploadedFile): DraftFile => ({
  ...{ key: uploaded.id, name: uploaded.name, progress: 1, uploaded },
})

function notTaken({ name }: File, error: unknown): string {
  const t = words()
  const code = error instanceof Failure ? error.code : ''
  if (code === 'BAD_USER_INPUT' || code === 'UNSUPPORTED_MEDIA_TYPE') return t('files.kind', { name })
  if (code === 'PAYLOAD_TOO_LARGE') return t('files.tooLarge', { name })
  return t('files.notSent', { name, reason: sentenceOf(error) })
}

export function keepFiles(place: string, files: readonly UploadedFile[]) {
  write(place, files.length > 0 ? JSON.stringify(files) : '')
}

/** What was written for one place is another's from now on, as when a conversation begins. */
export function moveDraft(from: string, to: string): void {
  write(to, read(from))
  write(from, '')
  keepFiles(filesKey(to), keptFiles(filesKey(from)))
  keepFiles(filesKey(from), [])
}

/** What was kept there; nothing when it cannot be read. */
export function keptFiles(place: string): UploadedFile[] {
  try {
    const kept: unknown = JSON.parse(read(place) || '[]')
    return Array.isArray(kept) ? kept.filter(isFile) : []
  } catch {
    return []
  }
}

const isFile = (it: unknown): it is UploadedFile =>
  typeof it === 'object' && it !== null && 'id' in it && typeof it.id === 'string' && 'name' in it
