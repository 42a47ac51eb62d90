import { data } from '@remix-run/node'
import { ErrorPage } from '~/components/error-page.tsx'
import { titled } from '~/language.tsx'

export const meta = titled('notFound')

/** Any other address among the signed-in pages: there is nothing, and the way to the rest stays beside it. */
export const loader = () => {
  throw data('NOT_FOUND', { status: 404 })
}

export default function Nothing() {
  return null
}

export function ErrorBoundary() {
  return <ErrorPage inside status={404} />
}
