import { Link } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { buttonStyle } from './button.tsx'
import { Mark } from './logo.tsx'

const kinds = { 404: 'notFound', 429: 'tooFast', 503: 'away' } as const

/** What is shown in place of a page that cannot be. */
export function ErrorPage({ status, inside = false }: { status: number; inside?: boolean }) {
  const t = useTranslations('failures')
  const kind = status in kinds ? kinds[status as keyof typeof kinds] : 'unforeseen'
  const title = t(`${kind}.title`)
  const Root = inside ? 'div' : 'main'
  return (
    <Root className={`grid place-items-center p-6 ${inside ? 'h-full' : 'min-h-dvh'}`}>
      <title>{`${title} · Parley`}</title>
      <div className="max-w-md text-center">
        <Mark className="mx-auto mb-6 size-12" />
        <p className="text-sm font-medium text-muted">{t('error', { status: String(status) })}</p>
        <h1 className="mt-1 text-2xl font-semibold tracking-tight">{title}</h1>
        <p className="mt-3 leading-relaxed text-muted">{t(`${kind}.text`)}</p>
        <div className="mt-7 flex flex-wrap justify-center gap-3">
          <Link to="/dashboard" className={buttonStyle({ look: 'accent' })}>
            {t('home')}
          </Link>
          {status !== 404 && (
            <Link to="." reloadDocument className={buttonStyle({ look: 'outline' })}>
              {t('again')}
            </Link>
          )}
        </div>
      </div>
    </Root>
  )
}
