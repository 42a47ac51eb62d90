import { useEffect, useState } from 'react'
import { useTranslations } from 'use-intl'
import { useHydrated } from '~/clock.tsx'
import { buttonStyle } from './button.tsx'
import { CheckIcon, CopyIcon } from './icons.tsx'

type CopyButtonProps = { text: () => string; label: string; className?: string }

/** Copies a text. Not there where the browser gives no clipboard, as on plain http. */
export function CopyButton({ text, label, className }: CopyButtonProps) {
  const t = useTranslations('common')
  const [copied, setCopied] = useState(false)
  const hydrated = useHydrated()
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [copied])
  if (hydrated && !navigator.clipboard) return null
  const copy = () => {
    navigator.clipboard.writeText(text()).then(
      () => setCopied(true),
      () => setCopied(false),
    )
  }
  return (
    <button
      type="button"
      onClick={copy}
      aria-label={copied ? t('copied') : label}
      title={copied ? t('copied') : label}
      className={buttonStyle({ look: 'quiet', size: 'tiny', className })}
    >
      {copied ? <CheckIcon className="text-link" /> : <CopyIcon />}
    </button>
  )
}
