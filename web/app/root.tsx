import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import {
  isRouteErrorResponse,
  Links,
  Meta,
  Outlet,
  Scripts,
  ScrollRestoration,
  useRouteError,
  useRouteLoaderData,
} from '@remix-run/react'
import { type ReactNode, useEffect } from 'react'
import styles from './app.css?url'
import { ClockProvider, zoneCookie } from './clock.tsx'
import { ErrorPage } from './components/error-page.tsx'
import { useNonce } from './nonce.tsx'

export const links: LinksFunction = () => [
  { rel: 'stylesheet', href: styles },
  { rel: 'icon', href: '/favicon.ico', sizes: '32x32' },
  { rel: 'icon', href: '/favicon.svg', type: 'image/svg+xml' },
  { rel: 'apple-touch-icon', href: '/apple-touch-icon.png' },
  { rel: 'manifest', href: '/manifest.webmanifest' },
]

export const meta: MetaFunction = () => [
  { title: 'Parley' },
  { name: 'description', content: 'Chat with an assistant that works on your tasks.' },
]

export function loader({ request }: LoaderFunctionArgs) {
  const cookie = request.headers.get('cookie') ?? ''
  const zone = new RegExp(`(?:^|; )${zoneCookie}=([^;]+)`).exec(cookie)?.[1]
  return { now: Date.now(), zone: validZone(zone && decodeURIComponent(zone)) }
}

/** The server's clock matters for the first paint only. */
export const shouldRevalidate = () => false

function validZone(zone: string | undefined): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone ?? 'UTC' })
    return zone ?? 'UTC'
  } catch {
    return 'UTC'
  }
}

export function Layout({ children }: { children: ReactNode }) {
  const nonce = useNonce()
  const clock = useRouteLoaderData<typeof loader>('root') ?? { now: 0, zone: 'UTC' }
  useEffect(() => {
    document.documentElement.dataset.hydrated = 'true'
  }, [])
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta
          name="viewport"
          content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
        />
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" media="(prefers-color-scheme: light)" content="#ffffff" />
        <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0a0a0a" />
        <Meta />
        <Links />
      </head>
      <body>
        <ClockProvider server={clock}>{children}</ClockProvider>
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  )
}

export default function App() {
  return <Outlet />
}

export function ErrorBoundary() {
  const error = useRouteError()
  const status = isRouteErrorResponse(error) ? error.status : 500
  return <ErrorPage status={status} />
}
