import { useTranslations } from 'use-intl'
import { Button } from './button.tsx'
import { Notice } from './notice.tsx'
import { Spinner } from './spinner.tsx'

type MoreButtonProps = { more: (() => void) | null; busy: boolean; failure: string | null }

/** The way to the next page of a list. */
export function MoreButton({ more, busy, failure }: MoreButtonProps) {
  const t = useTranslations('common')
  return (
    <div className="mt-4 space-y-3 text-center empty:hidden">
      {failure && <Notice urgent>{failure}</Notice>}
      {more && (
        <Button look="quiet" size="small" onClick={more} disabled={busy}>
          {busy && <Spinner />}
          {t('showMore')}
        </Button>
      )}
    </div>
  )
}
