import { useLocation } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { buttonStyle } from './button.tsx'
import { cn } from './class-names.ts'

/** Buttons to sign in with an account elsewhere, as links: a form may not lead to another site. */
export function Providers({ providers }: { providers: readonly { id: string; name: string }[] }) {
  const t = useTranslations('auth')
  const { search } = useLocation()
  if (providers.length === 0) return null
  return (
    <div className="mt-6 space-y-3">
      <p className="flex items-center gap-3 text-sm text-muted before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
        {t('or')}
      </p>
      {providers.map(({ id, name }) => (
        <a key={id} href={`/sign-in/with/${id}${search}`} className={cn(buttonStyle(), 'w-full')}>
          {t('continueWith', { name })}
        </a>
      ))}
    </div>
  )
}
