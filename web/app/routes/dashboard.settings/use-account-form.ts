import { useFetcher } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import type { AccountAnswer } from './account.server.ts'

/** A form of the account that stays on the page: what came of it, and whether it is on its way. */
export function useAccountForm() {
  const fetcher = useFetcher<AccountAnswer>()
  const form = useRef<HTMLFormElement>(null)
  const { state, data } = fetcher
  useEffect(() => {
    if (data?.done) form.current?.reset()
  }, [data])
  return { Form: fetcher.Form, form, busy: state !== 'idle', answer: state === 'idle' ? data : undefined }
}
