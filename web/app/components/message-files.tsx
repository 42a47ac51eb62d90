import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { onThisOrigin } from '~/upload.ts'
import { FileIcon } from './icons.tsx'
import { sizeInWords } from './tool-words.ts'

export type ShownFile = { id: string; name: string; mediaType: string; size: number; url?: string | null }

/** The files of a message: pictures to look at, everything else to take away. */
export function MessageFiles({ files }: { files: readonly ShownFile[] }) {
  const t = useTranslations('files')
  if (files.length === 0) return null
  return (
    <ul aria-label={t('sentAlong')} className="flex max-w-[85%] flex-wrap items-end justify-end gap-2">
      {files.map((file) => (
        <li key={file.id} className="min-w-0">
          <MessageFile file={file} />
        </li>
      ))}
    </ul>
  )
}

function MessageFile({ file }: { file: ShownFile }) {
  const t = useTranslations('files')
  const [broken, setBroken] = useState(false)
  const { name, mediaType, size } = file
  const href = file.url ? onThisOrigin(file.url) : undefined
  if (href && isPicture(mediaType) && !broken)
    return (
      <a
        href={href}
        target="_blank"
        rel="noopener"
        aria-label={t('openPicture', { name })}
        className="block rounded-2xl"
      >
        <img
          src={href}
          alt=""
          title={name}
          loading="lazy"
          onError={() => setBroken(true)}
          className="h-44 max-w-full rounded-2xl border border-line bg-sunken object-cover"
        />
      </a>
    )
  return (
    <a
      href={href}
      download={name}
      className="flex max-w-full items-center gap-2.5 rounded-xl border border-line bg-raised py-1.5 ps-1.5 pe-3.5 text-sm hover:bg-hover"
    >
      <FileMark file={null} />
      <span className="min-w-0">
        <span className="block max-w-60 truncate" dir="auto">
          {name}
        </span>
        <span className="block text-xs text-muted">{href ? sizeInWords(size) : t('notShown')}</span>
      </span>
    </a>
  )
}

/** A small picture of the file. */
export function FileMark({ file }: { file: ShownFile | null }) {
  const picture = file?.url && isPicture(file.mediaType) ? onThisOrigin(file.url) : null
  return (
    <span className="grid size-9 shrink-0 place-items-center overflow-hidden rounded-lg bg-sunken text-muted">
      {picture ? <img src={picture} alt="" className="size-full object-cover" /> : <FileIcon className="size-5" />}
    </span>
  )
}

const isPicture = (mediaType: string) => mediaType.startsWith('image/')
