import { useEffect, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { Button } from '~/components/button.tsx'
import { Notice } from '~/components/notice.tsx'
import { sentenceOf } from '~/failure.ts'
import { download, type Progress } from './download.ts'
import { useSize } from './use-size.ts'

type State = { progress: Progress | null; busy: boolean; done: boolean; problem: string | null }

const idle: State = { progress: null, busy: false, done: false, problem: null }

/** Everything as one file, with a line that says how far it is. */
export function ExportAll() {
  const t = useTranslations('moving')
  const size = useSize()
  const [{ progress, busy, done, problem }, setState] = useState(idle)
  const leaving = useRef(new AbortController())
  useEffect(() => () => leaving.current.abort(), [])
  const start = async (format: 'jsonl' | 'markdown') => {
    leaving.current = new AbortController()
    const { signal } = leaving.current
    setState({ ...idle, busy: true })
    try {
      await download(format, { signal, tell: (progress) => setState({ ...idle, busy: true, progress }) })
      setState((state) => ({ ...state, busy: false, done: true }))
    } catch (error) {
      setState(signal.aborted ? idle : { ...idle, problem: sentenceOf(error) })
    }
  }
  return (
    <div className="space-y-3">
      <h3 className="font-medium">{t('exportAll')}</h3>
      <p className="text-sm leading-relaxed text-muted">{t('exportHint')}</p>
      <div className="flex flex-wrap gap-2">
        <Button size="small" disabled={busy} onClick={() => void start('jsonl')}>
          {t('asJsonl')}
        </Button>
        <Button size="small" disabled={busy} onClick={() => void start('markdown')}>
          {t('asMarkdown')}
        </Button>
        {busy && (
          <Button size="small" look="quiet" onClick={() => leaving.current.abort()}>
            {t('cancel')}
          </Button>
        )}
      </div>
      <p role="status" data-export={done ? 'done' : busy ? 'busy' : 'idle'} className="text-sm text-muted tabular-nums">
        {progress && done && t('exported', { size: size(progress.bytes) })}
        {progress &&
          !done &&
          (progress.conversations > 0
            ? t('exporting', { done: progress.conversations, total: progress.total, size: size(progress.bytes) })
            : t('receiving', { size: size(progress.bytes) }))}
      </p>
      {problem && <Notice urgent>{problem}</Notice>}
    </div>
  )
}
