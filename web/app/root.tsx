import inter from '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2?url'
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
import { ClockProvider, zoneOf } from './clock.tsx'
import { ErrorPage } from './components/error-page.tsx'
import { languageOfMatches, useLanguage, WordsProvider, wordsIn } from './language.tsx'
import { directionOf, languageOf } from './messages/languages.ts'
import { useNonce } from './nonce.tsx'
import { type Theme, themeOf } from './theme.ts'

export const links: LinksFunction = () => [
  { rel: 'preload', href: inter, as: 'font', type: 'font/woff2', crossOrigin: 'anonymous' },
  { rel: 'stylesheet', href: styles },
  { rel: 'icon', href: '/favicon.ico', sizes: '32x32' },
  { rel: 'icon', href: '/favicon.svg', type: 'image/svg+xml' },
  { rel: 'apple-touch-icon', href: '/apple-touch-icon.png' },
  { rel: 'manifest', href: '/manifest.webmanifest' },
]

export const meta: MetaFunction = ({ matches }) => [
  { title: 'Parley' },
  { name: 'description', content: wordsIn(languageOfMatches(matches))('titles.description') },
]

export function loader({ request }: LoaderFunctionArgs) {
  const cookie = request.headers.get('cookie') ?? ''
  return { now: Date.now(), zone: zoneOf(cookie), theme: themeOf(cookie), language: languageOf(request.headers) }
}

/** The server's clock, and the theme that it draws, matter for the first paint only. */
export const shouldRevalidate = () => false

export function Layout({ children }: { children: ReactNode }) {
  const nonce = useNonce()
  const language = useLanguage()
  const { theme, now, zone } = useRouteLoaderData<typeof loader>('root') ?? nothingKnown
  useEffect(() => {
    document.documentElement.dataset.hydrated = 'true'
  }, [])
  return (
    <html lang={language} dir={directionOf(language)} data-theme={theme === 'system' ? undefined : theme}>
      <head>
        <meta charSet="utf-8" />
        <meta
          name="viewport"
          content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
        />
        <meta name="color-scheme" content="light dark" />
        {theme !== 'dark' && <meta name="theme-color" media={deviceIs('light', theme)} content="#ffffff" />}
        {theme !== 'light' && <meta name="theme-color" media={deviceIs('dark', theme)} content="#0a0a0a" />}
        <Meta />
        <Links />
      </head>
      <body>
        <ClockProvider server={{ now, zone }}>
          <WordsProvider>{children}</WordsProvider>
        </ClockProvider>
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  )
}

/** Where there is no such page, no loader was asked. */
const nothingKnown = { now: 0, zone: 'UTC', theme: 'system' } as const

const deviceIs = (scheme: string, theme: Theme) =>
  theme === 'system' ? `(prefers-color-scheme: ${scheme})` : undefined

export default function App() {
  return <Outlet />
}

export function ErrorBoundary() {
  const error = useRouteError()
  const status = isRouteErrorResponse(error) ? error.status : 500
  return <ErrorPage status={status} />
}
