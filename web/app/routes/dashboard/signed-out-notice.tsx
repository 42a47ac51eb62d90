import { useLocation } from '@remix-run/react'
import { useTranslations } from 'use-intl'
import { buttonStyle } from '~/components/button.tsx'
import { Notice } from '~/components/notice.tsx'

/** The session ended while the page was open: nothing is thrown away, the way back leads here. */
export function SignedOutNotice() {
  const { pathname, search } = useLocation()
  const t = useTranslations()
  return (
    <Notice
      tone="warn"
      urgent
      className="m-3 mb-0"
      action={
        <a
          href={`/sign-in?to=${encodeURIComponent(pathname + search)}`}
          className={buttonStyle({ look: 'accent', size: 'small' })}
        >
          {t('auth.signIn')}
        </a>
      }
    >
      {t('frame.signedOut')}
    </Notice>
  )
}
