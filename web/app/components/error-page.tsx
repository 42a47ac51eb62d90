import { Link } from '@remix-run/react'
import { buttonStyle } from './button.tsx'
import { Mark } from './logo.tsx'

const words: Record<number, { title: string; text: string }> = {
  404: { title: 'There is nothing here', text: 'The page may have been removed, or the address has a slip in it.' },
  429: { title: 'A bit too fast', text: 'Wait a moment, then load the page again.' },
  503: { title: 'Not available right now', text: 'The server is busy or restarting. This usually passes in a moment.' },
}
const unforeseen = { title: 'Something went wrong', text: 'That is on our side. Load the page again, or go back home.' }

/** What is shown in place of a page that cannot be. */
export function ErrorPage({ status, inside = false }: { status: number; inside?: boolean }) {
  const { title, text } = words[status] ?? unforeseen
  const Root = inside ? 'div' : 'main'
  return (
    <Root className={`grid place-items-center p-6 ${inside ? 'h-full' : 'min-h-dvh'}`}>
      <title>{`${title} · Parley`}</title>
      <div className="max-w-md text-center">
        <Mark className="mx-auto mb-6 size-12" />
        <p className="text-sm font-medium text-muted">Error {status}</p>
        <h1 className="mt-1 text-2xl font-semibold tracking-tight">{title}</h1>
        <p className="mt-3 leading-relaxed text-muted">{text}</p>
        <div className="mt-7 flex flex-wrap justify-center gap-3">
          <Link to="/dashboard" className={buttonStyle({ look: 'accent' })}>
            Go to the dashboard
          </Link>
          {status !== 404 && (
            <Link to="." reloadDocument className={buttonStyle({ look: 'outline' })}>
              Load again
            </Link>
          )}
        </div>
      </div>
    </Root>
  )
}
