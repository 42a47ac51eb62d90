import { Form, useNavigation } from '@remix-run/react'
import { type ReactNode, useEffect } from 'react'
import { forgetToken } from '~/api.ts'
import { Button } from './button.tsx'
import { Notice } from './notice.tsx'
import { Spinner } from './spinner.tsx'

type AuthFormProps = { error: string | undefined; submit: string; children: ReactNode }

/** Posts to its own page, with script or without. */
export function AuthForm({ error, submit, children }: AuthFormProps) {
  const busy = useNavigation().state !== 'idle'
  useEffect(forgetToken, [])
  return (
    <Form method="post" className="space-y-5">
      {error && <Notice urgent>{error}</Notice>}
      {children}
      <Button type="submit" look="accent" className="w-full" aria-disabled={busy}>
        {busy && <Spinner />}
        {submit}
      </Button>
    </Form>
  )
}
