import { useTranslations } from 'use-intl'
import { Button } from '~/components/button.tsx'
import { Notice } from '~/components/notice.tsx'
import { When } from '~/components/when.tsx'
import type { SignedIn } from './account.server.ts'
import { FormAnswer } from './form-answer.tsx'
import { listStyle, Section } from './section.tsx'
import { useAccountForm } from './use-account-form.ts'

/** Where one is signed in, and the way out of there. */
export function Sessions({ sessions }: { sessions: SignedIn[] | null }) {
  const t = useTranslations('settings')
  const { Form, busy, answer } = useAccountForm()
  const others = sessions?.filter(({ here }) => !here) ?? []
  return (
    <Section
      id="sessions"
      title={t('sessions')}
      lead={t('sessionsLead')}
      action={
        (others.length > 0 || sessions === null) && (
          <Form method="post">
            <input type="hidden" name="intent" value="sign-out-others" />
            <Button type="submit" size="small" disabled={busy}>
              {t('signOutElsewhere')}
            </Button>
          </Form>
        )
      }
    >
      <FormAnswer answer={answer} />
      {sessions ? (
        <ul className={listStyle}>
          {sessions.map((session) => (
            <Browser key={session.id} session={session} />
          ))}
        </ul>
      ) : (
        <Notice tone="calm">{t('sessionsHidden')}</Notice>
      )}
    </Section>
  )
}

function Browser({ session: { id, device: known, since, here } }: { session: SignedIn }) {
  const t = useTranslations('settings')
  const auth = useTranslations('auth')
  const [browser, system] = known
  const device = browser && system ? t('deviceOn', { browser, system }) : (browser ?? t('program'))
  const { Form, busy, answer } = useAccountForm()
  return (
    <li className="flex min-h-14 flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5">
      <div className="min-w-0 flex-1">
        <p className="truncate text-[0.9375rem]">{device}</p>
        <p className="text-sm text-muted">{t.rich('since', { when: () => <When at={since} /> })}</p>
        <FormAnswer answer={answer} />
      </div>
      {here ? (
        <span className="rounded-full border border-accent-line bg-accent-soft px-2.5 py-1 text-xs">
          {t('thisBrowser')}
        </span>
      ) : (
        <Form method="post">
          <input type="hidden" name="intent" value="sign-out-one" />
          <input type="hidden" name="session" value={id} />
          <Button type="submit" size="small" look="quiet" disabled={busy} aria-label={t('signOutDevice', { device })}>
            {auth('signOut')}
          </Button>
        </Form>
      )}
    </li>
  )
}
