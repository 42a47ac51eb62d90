import { useCallback, useEffect, useRef, useState } from 'react'
import { query } from '~/api.ts'
import { sentenceOf } from '~/failure.ts'
import { ImportDocument, type ImportQuery } from '../../../../schema/generated/graphql.ts'
import { NewestImports } from './queries.ts'
import { upload } from './upload.ts'

export type Job = NonNullable<ImportQuery['import']>

export type Step =
  | { is: 'idle' }
  | { is: 'sending'; file: string; share: number }
  | { is: 'reading'; job: Job | null }
  | { is: 'read'; job: Job }
  | { is: 'refused'; sentence: string }

const askEveryMs = 700

/** An import from the choice of the file to the report. One that was begun earlier and is still at work is found again. */
export function useImport() {
  const [step, setStep] = useState<Step>({ is: 'idle' })
  const leaving = useRef(new AbortController())
  const watch = useCallback(async (id: string) => {
    const { signal } = leaving.current
    setStep({ is: 'reading', job: null })
    for (;;) {
      const { import: job } = await query(ImportDocument, { id })
      if (signal.aborted || !job) return
      if (job.status !== 'RUNNING') break
      setStep({ is: 'reading', job })
      await pause(askEveryMs, signal)
    }
    const { import: job } = await query(ImportDocument, { id, report: true })
    if (job && !signal.aborted) setStep({ is: 'read', job })
  }, [])
  const attempt = useCallback((work: () => Promise<void>) => {
    work().catch((error: unknown) => setStep({ is: 'refused', sentence: sentenceOf(error) }))
  }, [])
  useEffect(() => {
    leaving.current = new AbortController()
    const { signal } = leaving.current
    attempt(async () => {
      const { imports } = await query(NewestImports, {})
      const [newest] = imports ?? []
      if (newest?.status === 'RUNNING' && !signal.aborted) await watch(newest.id)
    })
    return () => leaving.current.abort()
  }, [attempt, watch])
  const take = (file: File) =>
    attempt(async () => {
      setStep({ is: 'sending', file: file.name, share: 0 })
      await watch(await upload(file, (share) => setStep({ is: 'sending', file: file.name, share })))
    })
  return { step, take }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
