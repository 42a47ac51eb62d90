import { CheckIcon } from '~/components/icons.tsx'
import { Notice } from '~/components/notice.tsx'
import type { AccountAnswer } from './account.server.ts'

/** What came of a form, read out as soon as it is there. */
export function FormAnswer({ answer }: { answer: AccountAnswer | undefined }) {
  if (answer?.error) return <Notice urgent>{answer.error}</Notice>
  return (
    <p role="status" className="flex items-center gap-2 text-sm text-link empty:hidden">
      {answer?.done && (
        <>
          <CheckIcon className="size-4" />
          {answer.done}
        </>
      )}
    </p>
  )
}
