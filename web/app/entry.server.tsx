import { PassThrough } from 'node:stream'
import {
  type AppLoadContext,
  createReadableStreamFromReadable,
  type EntryContext,
  type HandleErrorFunction,
} from '@remix-run/node'
import { isRouteErrorResponse, RemixServer } from '@remix-run/react'
import { isbot } from 'isbot'
import { renderToPipeableStream } from 'react-dom/server'
import type {} from '../load-context.ts'
import { LanguageProvider } from './language.tsx'
import { keepMessages } from './messages/catalogue.ts'
import { messages as german } from './messages/de.ts'
import { messages as english } from './messages/en.ts'
import { languageOf } from './messages/languages.ts'
import { NonceContext } from './nonce.tsx'

const abortAfterMs = 10_000

// The server writes in all of them, and from its start on: the files may be replaced while it runs.
keepMessages('en', english)
keepMessages('de', german)

/** Renders a page. Browsers get the shell as soon as it stands; robots the whole page. */
export default function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  remix: EntryContext,
  { nonce }: AppLoadContext,
): Promise<Response> {
  const language = languageOf(request.headers)
  headers.append('vary', 'accept-language, cookie')
  const whole = isbot(request.headers.get('user-agent') ?? '')
  return new Promise((resolve, reject) => {
    let answered = false
    let failed = false
    const answer = () => {
      answered = true
      const body = new PassThrough()
      headers.set('content-type', 'text/html; charset=utf-8')
      resolve(new Response(createReadableStreamFromReadable(body), { status: failed ? 500 : status, headers }))
      pipe(body)
    }
    const { pipe, abort } = renderToPipeableStream(
      <NonceContext.Provider value={nonce}>
        <LanguageProvider value={language}>
          <RemixServer context={remix} url={request.url} abortDelay={abortAfterMs} nonce={nonce} />
        </LanguageProvider>
      </NonceContext.Provider>,
      {
        nonce,
        ...(whole ? { onAllReady: answer } : { onShellReady: answer }),
        onShellError: reject,
        onError(error) {
          failed = true
          if (answered && !request.signal.aborted) console.error(error)
        },
      },
    )
    setTimeout(abort, abortAfterMs + 1000).unref()
  })
}

/** A reader that left is no error, and neither is a page that does not exist; all else is told once. */
export const handleError: HandleErrorFunction = (error, { request }) => {
  if (request.signal.aborted || (isRouteErrorResponse(error) && error.status < 500)) return
  console.error(error)
}
