import { Button } from '~/components/button.tsx'
import { Notice } from '~/components/notice.tsx'
import { When } from '~/components/when.tsx'
import type { SignedIn } from './account.server.ts'
import { FormAnswer } from './form-answer.tsx'
import { listStyle, Section } from './section.tsx'
import { useAccountForm } from './use-account-form.ts'

/** Where one is signed in, and the way out of there. */
export function Sessions({ sessions }: { sessions: SignedIn[] | null }) {
  const { Form, busy, answer } = useAccountForm()
  const others = sessions?.filter(({ here }) => !here) ?? []
  return (
    <Section
      id="sessions"
      title="Signed in"
      lead="Every browser that can read your conversations right now."
      action={
        (others.length > 0 || sessions === null) && (
          <Form method="post">
            <input type="hidden" name="intent" value="sign-out-others" />
            <Button type="submit" size="small" disabled={busy}>
              Sign out everywhere else
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
        <Notice tone="calm">You signed in a while ago. Sign out and in again to see the list.</Notice>
      )}
    </Section>
  )
}

function Browser({ session: { id, device, since, here } }: { session: SignedIn }) {
  const { Form, busy, answer } = useAccountForm()
  return (
    <li className="flex min-h-14 flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5">
      <div className="min-w-0 flex-1">
        <p className="truncate text-[0.9375rem]">{device}</p>
        <p className="text-sm text-muted">
          Since <When at={since} />
        </p>
        <FormAnswer answer={answer} />
      </div>
      {here ? (
        <span className="rounded-full border border-accent-line bg-accent-soft px-2.5 py-1 text-xs">This browser</span>
      ) : (
        <Form method="post">
          <input type="hidden" name="intent" value="sign-out-one" />
          <input type="hidden" name="session" value={id} />
          <Button type="submit" size="small" look="quiet" disabled={busy} aria-label={`Sign out: ${device}`}>
            Sign out
          </Button>
        </Form>
      )}
    </li>
  )
}
