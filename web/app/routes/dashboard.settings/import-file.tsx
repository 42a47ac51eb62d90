import { Link } from '@remix-run/react'
import { type ChangeEvent, useRef } from 'react'
import { useTranslations } from 'use-intl'
import { Button } from '~/components/button.tsx'
import { Notice } from '~/components/notice.tsx'
import { type Job, type Step, useImport } from './use-import.ts'

/** A file of conversations from elsewhere: sent, read, and accounted for. */
export function ImportFile() {
  const t = useTranslations('moving')
  const { step, take } = useImport()
  const input = useRef<HTMLInputElement>(null)
  const chosen = ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    const [file] = currentTarget.files ?? []
    if (file) take(file)
    currentTarget.value = '' // the same file may be chosen again
  }
  return (
    <div className="space-y-3">
      <h3 className="font-medium">{t('importTitle')}</h3>
      <p className="text-sm leading-relaxed text-muted">{t('importHint')}</p>
      <input ref={input} type="file" accept=".json,.jsonl,.ndjson,application/json" hidden onChange={chosen} />
      <Button
        size="small"
        disabled={step.is === 'sending' || step.is === 'reading'}
        onClick={() => input.current?.click()}
      >
        {t('chooseFile')}
      </Button>
      <div role="status" data-import={step.is}>
        <Shown step={step} />
      </div>
    </div>
  )
}

function Shown({ step }: { step: Step }) {
  const t = useTranslations('moving')
  if (step.is === 'idle') return null
  if (step.is === 'refused') return <Notice>{step.sentence}</Notice>
  if (step.is === 'read') return <Report job={step.job} />
  const { job } = step.is === 'reading' ? step : { job: null }
  const done = job ? job.imported + job.present + job.skipped : 0
  const line =
    step.is === 'sending'
      ? t('sending', { file: step.file, share: step.share })
      : t('reading', { done, total: job?.total ?? 0 })
  return (
    <div className="space-y-2">
      <p className="text-sm text-muted tabular-nums">{line}</p>
      <progress
        aria-label={line}
        className="h-1.5 w-full accent-accent"
        value={step.is === 'sending' ? step.share : job?.total ? done / job.total : undefined}
      />
    </div>
  )
}

const listedAtMost = 200

function Report({ job }: { job: Job }) {
  const t = useTranslations('moving')
  const report = job.report ?? []
  const skipped = report.filter(({ outcome }) => outcome === 'SKIPPED')
  return (
    <div className="space-y-3 text-sm">
      {job.status === 'FAILED' && (
        <Notice>
          {t('failed')} {job.problem}
        </Notice>
      )}
      {(job.status !== 'FAILED' || job.imported + job.present + job.skipped > 0) && (
        <p>{t('counts', { imported: job.imported, present: job.present, skipped: job.skipped })}</p>
      )}
      {skipped.length > 0 && <Entries title={t('skipped')} entries={skipped} open />}
      {report.length > 0 && <Entries title={t('all')} entries={report} />}
    </div>
  )
}

type EntriesProps = { title: string; entries: NonNullable<Job['report']>; open?: boolean }

function Entries({ title, entries, open = false }: EntriesProps) {
  const t = useTranslations('moving')
  return (
    <details open={open}>
      <summary className="cursor-pointer font-medium">{title}</summary>
      <ul className="mt-2 max-h-80 space-y-1 overflow-y-auto">
        {entries.slice(0, listedAtMost).map(({ name, outcome, reason, conversationId }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: names come twice, and the list never changes
          <li key={at} className="flex flex-wrap gap-x-2 wrap-anywhere">
            {conversationId ? (
              <Link to={`/dashboard/chat/${conversationId}`} className="underline underline-offset-2">
                {name}
              </Link>
            ) : (
              <span>{name}</span>
            )}
            <span className="text-muted">{reason ?? t(`outcome.${outcome}`)}</span>
          </li>
        ))}
      </ul>
      {entries.length > listedAtMost && (
        <p className="mt-1 text-muted">{t('more', { count: entries.length - listedAtMost })}</p>
      )}
    </details>
  )
}
