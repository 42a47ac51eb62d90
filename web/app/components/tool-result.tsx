import { useEffect, useState } from 'react'
import { useTranslations } from 'use-intl'
import { query } from '~/api.ts'
import { ResultImages, ResultPiece } from '~/tool-results.ts'
import type { ToolCallFieldsFragment } from '../../../schema/generated/graphql.ts'
import { Button } from './button.tsx'
import { CopyButton } from './copy-button.tsx'
import { ToolTasks, tasksIn } from './tool-tasks.tsx'
import { ToolValue } from './tool-value.tsx'
import { sizeInWords } from './tool-words.ts'

type ToolCall = ToolCallFieldsFragment
type Part = ToolCall['resultParts'][number]

/** What came of a call: text, a table or tasks, more of it when it is long, and what came with it. */
export function ToolResult({ call, open }: { call: ToolCall; open: boolean }) {
  const told = tasksIn(call)
  const whole = told ? <ToolTasks told={told} /> : !namesPartsOnly(call) && <ToolValue value={call.result} />
  return (
    <div className="space-y-3">
      {call.resultTruncated ? <LongText call={call} /> : whole}
      {call.resultParts.length > 0 && <Parts call={call} open={open} />}
    </div>
  )
}

/** A text that only names the parts says it for the assistant: here they are shown. */
function namesPartsOnly({ result, resultParts }: ToolCall): boolean {
  const lines = typeof result === 'string' ? result.split('\n') : []
  return lines.length > 0 && lines.length === resultParts.length && lines.every((line) => /^\[.*\]$/.test(line))
}

const bytesOf = (text: string) => new TextEncoder().encode(text).length

/** A page reads so much of a result at a time; the last piece has less. */
const pieceBytes = 65_536

function LongText({ call: { id, result } }: { call: ToolCall }) {
  const t = useTranslations('tools')
  const [more, setMore] = useState('')
  const [state, setState] = useState<'part' | 'reading' | 'failed' | 'whole'>('part')
  const text = (typeof result === 'string' ? result : '') + more
  const read = async () => {
    setState('reading')
    try {
      const { node } = await query(ResultPiece, { id, offset: bytesOf(text) })
      const piece = (node && 'resultText' in node && node.resultText) || ''
      setMore(more + piece)
      setState(bytesOf(piece) < pieceBytes ? 'whole' : 'part')
    } catch {
      setState('failed')
    }
  }
  return (
    <div className="space-y-2">
      <ToolValue value={text} />
      {state === 'failed' && (
        <p role="alert" className="text-sm text-danger">
          {t('notRead')}
        </p>
      )}
      {state !== 'whole' && (
        <p className="flex flex-wrap items-center gap-3 text-xs text-muted">
          <Button size="small" onClick={read} disabled={state === 'reading'}>
            {t('showMore')}
          </Button>
          {t('shownSoFar', { size: sizeInWords(bytesOf(text)) })}
        </p>
      )}
    </div>
  )
}

/** What browsers show in a picture without running anything. */
const pictures = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']

function Parts({ call: { id, resultParts }, open }: { call: ToolCall; open: boolean }) {
  const [images, setImages] = useState<readonly (string | null)[] | null>(null)
  const wanted = open && resultParts.some(({ kind }) => kind === 'IMAGE')
  useEffect(() => {
    if (!wanted) return
    let left = false
    query(ResultImages, { id }).then(
      ({ node }) => left || setImages(node && 'resultParts' in node ? node.resultParts.map((it) => it.image) : []),
      () => left || setImages([]),
    )
    return () => {
      left = true
    }
  }, [id, wanted])
  return (
    <ul className="space-y-3">
      {resultParts.map((part, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a result does not change
        <li key={at} className="min-w-0 text-sm">
          {part.kind === 'IMAGE' ? <Picture part={part} data={images && (images[at] ?? '')} /> : <Named part={part} />}
        </li>
      ))}
    </ul>
  )
}

/** `data`: as base64; null while it is being fetched, empty when there is none to show. */
function Picture({ part, data }: { part: Part; data: string | null }) {
  const t = useTranslations('tools')
  const [broken, setBroken] = useState(false)
  if (data === null) return <p className="text-muted">{t('loading')}</p>
  if (!data || broken || !part.mimeType || !pictures.includes(part.mimeType)) return <Named part={part} hidden />
  return (
    <img
      src={`data:${part.mimeType};base64,${data}`}
      alt={part.title ?? t('part.IMAGE')}
      onError={() => setBroken(true)}
      className="max-h-96 max-w-full rounded-lg border border-line bg-sunken object-contain"
    />
  )
}

/** In words; an address is text, and nothing is opened. */
function Named({ part: { kind, title, uri, mimeType, bytes }, hidden }: { part: Part; hidden?: boolean }) {
  const t = useTranslations('tools')
  const details = [mimeType, bytes !== null && sizeInWords(bytes), hidden && t('notShown')].filter(Boolean)
  return (
    <div>
      <p>
        {t(`part.${kind}`)}
        {title && (
          <>
            {': '}
            <bdi className="wrap-anywhere">{title}</bdi>
          </>
        )}
        {details.length > 0 && <span className="text-muted"> · {details.join(' · ')}</span>}
      </p>
      {uri && (
        <p className="flex items-center gap-1">
          <bdi className="min-w-0 font-mono text-xs text-muted wrap-anywhere" dir="ltr">
            {uri}
          </bdi>
          <CopyButton text={() => uri} label={t('copyAddress')} />
        </p>
      )}
    </div>
  )
}
