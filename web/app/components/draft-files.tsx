import { useTranslations } from 'use-intl'
import type { DraftFile } from '~/use-files.ts'
import { buttonStyle } from './button.tsx'
import { CrossIcon } from './icons.tsx'
import { FileMark } from './message-files.tsx'

type DraftFilesProps = { files: readonly DraftFile[]; onRemove: (key: string) => void }

/** The files of what is being written, each with how far it is and a way to leave it out. */
export function DraftFiles({ files, onRemove }: DraftFilesProps) {
  const t = useTranslations('files')
  if (files.length === 0) return null
  return (
    <ul aria-label={t('list')} className="flex flex-wrap gap-2 px-1 pt-1 pb-2">
      {files.map(({ key, name, progress, uploaded }) => {
        const percent = Math.floor(progress * 100)
        return (
          <li
            key={key}
            className="relative flex max-w-full items-center gap-2.5 overflow-hidden rounded-xl border border-line bg-surface py-1.5 ps-1.5 pe-1 text-sm"
          >
            <FileMark file={uploaded} />
            <span className="min-w-0">
              <span className="block max-w-44 truncate" dir="auto" title={name}>
                {name}
              </span>
              <span role="status" className="block text-xs text-muted tabular-nums">
                {uploaded ? t('ready') : t('uploading', { percent })}
              </span>
            </span>
            <button
              type="button"
              onClick={() => onRemove(key)}
              aria-label={t('remove', { name })}
              title={t('remove', { name })}
              className={buttonStyle({ look: 'quiet', size: 'tiny' })}
            >
              <CrossIcon className="size-4" />
            </button>
            {!uploaded && (
              <span
                aria-hidden="true"
                style={{ transform: `scaleX(${progress})` }}
                className="absolute inset-x-0 bottom-0 h-0.5 origin-left bg-link rtl:origin-right"
              />
            )}
          </li>
        )
      })}
    </ul>
  )
}
